"""What is remembered of an intent, and the names that follow from it alone."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from core.domain.orders import Order, OrderRequest
from core.ids import derived_order_ref
from core.orderplane.contracts import OrderIntent

_REPORTS = UUID("6f2b0e0c-5f0e-5d0b-9a55-1b3f6f1f7c40")
"""Under which the identities of reports are derived."""
_DIGEST_SHOWN = 16


class Note(Struct, frozen=True, kw_only=True):
    """What was decided about an intent when it was first claimed: whoever works on it later does the same."""

    intent: str
    """As JSON."""
    con_id: int = 0
    """0 if the contract was not found."""
    account: str = ""
    quantity: Decimal
    """To be placed; 0 if the intent is refused."""
    scaled: str = ""
    """Why that is less than the intent asks for; empty if it is not."""
    refused: str = ""
    """Why nothing is placed, code first; empty if core decides."""
    claimed: datetime
    """UTC."""

    def refused_for(self, why: str) -> Note:
        """The same, with nothing placed."""
        return replace(self, quantity=Decimal(0), refused=why)

    def encode(self) -> bytes:
        """For the bus."""
        return msgspec.json.encode(self)


def read_note(data: bytes) -> Note:
    """What `Note.encode` made. Raises msgspec.MsgspecError for anything else."""
    return msgspec.json.decode(data, type=Note)


@lru_cache(maxsize=20_000)
def order_ref_of(instance: str, intent_id: UUID | str) -> str:
    """The order that an intent becomes in the core with this instance."""
    return derived_order_ref(instance, f"intent/{intent_id}")


def tag_of(intent: OrderIntent) -> str:
    """What the order carries in the journal: its intent, and 16 digits by which other content is known."""
    return f"{intent.intent_id} {intent.digest()[:_DIGEST_SHOWN]}"


def intent_of(instance: str, order: Order) -> str:
    """The intent_id that an order came from; empty for every order that did not come from an intent."""
    intent_id = order.tag.partition(" ")[0]
    return intent_id if intent_id and order_ref_of(instance, intent_id) == order.order_ref else ""


def report_id_of(instance: str, order_ref: str, what: str) -> UUID:
    """The identity of a report: the same each time that it is made of the same change."""
    return uuid5(_REPORTS, f"{instance}/{order_ref}/{what}")


def request_of(intent: OrderIntent, note: Note, instance: str) -> OrderRequest:
    """What core is asked for."""
    terms = intent.terms
    return OrderRequest(
        order_ref=order_ref_of(instance, intent.intent_id),
        account=note.account,
        con_id=note.con_id,
        side=intent.direction,
        quantity=note.quantity,
        order_type=terms.order_type,
        limit_price=terms.limit_price,
        stop_price=terms.stop_price,
        tif=terms.tif,
        algo=intent.algo,
        tag=tag_of(intent),
        strategy=intent.strategy_id,
    )
