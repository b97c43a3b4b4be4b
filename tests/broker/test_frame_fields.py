"""Whatever texts an order has: its frame has as many fields as with plain ones, or nothing of it is written."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ib_async.client import Client
from msgspec.structs import replace

from core.broker.outgoing import UnsendableError, wire_contract
from core.broker.wire_order import wire_order
from core.domain import instructions as ours
from core.domain.instruments import ComboLeg, Instrument, SecType
from core.domain.orders import OrderRequest
from core.text import is_wire_safe
from tests.broker.scripted import AAPL, request
from tests.hostile import CORPUS

HOSTILE = st.sampled_from(sorted(text[:300] for text in CORPUS.values()))
TEXTS = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    st.text(st.sampled_from("\0\x1b\x9b\n\t\u202e\u2028é 'A1"), max_size=8),
    HOSTILE,
)
PLAIN = dict.fromkeys(
    (
        "order_ref",
        "account",
        "group",
        "at_price",
        "at_volume",
        "of",
        "symbol",
        "exchange",
        "primary",
        "local",
        "trading",
    ),
    "x",
)


class Paper(Client):
    """ib_async's own writer; what it would send is kept."""

    def __init__(self) -> None:
        Client.__init__(self, None)
        self.written: list[str] = []
        self._serverVersion = 178
        self.connState = Client.CONNECTED

    def sendMsg(self, msg: str) -> None:
        self.written.append(msg)


def order_with(texts: dict[str, str]) -> OrderRequest:
    """An order with every text that a request can have."""
    items = (
        ours.PriceCondition(con_id=1, price=Decimal(1), above=True, exchange=texts["at_price"]),
        ours.VolumeCondition(con_id=1, volume=1, above=True, exchange=texts["at_volume"]),
        ours.ExecutionCondition(symbol=texts["of"], sec_type="STK", exchange=texts["of"]),
        ours.TimeCondition(time=datetime(2026, 11, 20, tzinfo=UTC), above=True),
    )
    return replace(
        request(),
        order_ref=texts["order_ref"],
        account=texts["account"],
        oca=ours.Oca(group=texts["group"], kind=ours.OcaType.REDUCE),
        conditions=ours.Conditions(items=items),
        algo=None,
    )


def contract_with(texts: dict[str, str], legs: tuple[ComboLeg, ...]) -> Instrument:
    """A contract with every text that one can have."""
    return replace(
        AAPL,
        sec_type=SecType.BAG if legs else SecType.STK,
        symbol=texts["symbol"],
        exchange=texts["exchange"],
        primary_exchange=texts["primary"],
        local_symbol=texts["local"],
        trading_class=texts["trading"],
        legs=legs,
    )


def frame(texts: dict[str, str], *, combined: bool) -> list[str]:
    """The fields of the order's frame. Raises UnsendableError."""
    legs = tuple(ComboLeg(con_id=number, ratio=1, exchange=texts["exchange"]) for number in (1, 2)) if combined else ()
    paper = Paper()
    order = wire_order(order_with(texts), parent_id=0, transmit=True)
    writer: Client = paper
    writer.placeOrder(5, wire_contract(contract_with(texts, legs)), order)
    return paper.written[0].split("\0")


def used(texts: dict[str, str], *, combined: bool) -> list[str]:
    """The texts that go out: of a combination its legs say what it is."""
    return [text for name, text in texts.items() if not (combined and name in {"primary", "local", "trading"})]


COUNTS = {combined: len(frame(PLAIN, combined=combined)) for combined in (False, True)}


@example(texts=dict(PLAIN, order_ref="ibd\0BUY"), combined=False)
@example(texts=dict(PLAIN, exchange="SMART\0" * 3), combined=True)
@given(st.fixed_dictionaries(dict.fromkeys(PLAIN, TEXTS)), st.booleans())
def test_the_number_of_fields_never_changes(texts: dict[str, str], combined: bool) -> None:
    if all(map(is_wire_safe, used(texts, combined=combined))):
        fields = frame(texts, combined=combined)

        assert len(fields) == COUNTS[combined]
        assert all(map(is_wire_safe, fields))
        assert {texts["order_ref"], texts["account"], texts["group"], texts["of"]} <= set(fields)
    else:
        with pytest.raises(UnsendableError, match="Nothing was sent"):
            frame(texts, combined=combined)


@given(st.sampled_from(sorted(PLAIN)), st.text(st.characters(exclude_categories=[]), min_size=1, max_size=5))
def test_one_bad_character_in_any_field_is_enough(name: str, text: str) -> None:
    if is_wire_safe(text):
        assert len(frame({**PLAIN, name: text}, combined=False)) == COUNTS[False]
    else:
        with pytest.raises(UnsendableError):
            frame({**PLAIN, name: text}, combined=False)
