"""What the ledger is made of: one row an event of an order."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from core.domain.instruments import Instrument
from core.domain.orders import Order, OrderRequest


class LedgerEvent(StrEnum):
    """What happened to an order."""

    INTENT = "INTENT"
    """It passed every control and is durable in the journal; nothing of it has left yet."""
    ACK = "ACK"
    """The broker has shown for the first time that it has it."""
    REJ = "REJ"
    """Refused: by a control of ours, because nothing could be sent, or by the broker. `reason` says by whom and why."""
    PARTIAL = "PARTIAL"
    """A fill that leaves some of it open, or of an order whose size is not known here."""
    FILL = "FILL"
    """A fill that completes it."""
    CANCEL = "CANCEL"
    """What had not filled is cancelled, has expired, or by a person's word was never placed; `reason` says which."""
    PNL_SNAPSHOT = "PNL_SNAPSHOT"
    """What it came to, once it is complete or has ended with a part filled, if its arrival price is known."""


class OrderPart(NamedTuple):
    """The columns that say which order it is, and its terms at that moment; one value for many rows."""

    order_ref: str | None = None
    number: int | None = None
    order_id: int | None = None
    perm_id: int | None = None
    account: str | None = None
    symbol: str | None = None
    con_id: int | None = None
    sec_type: str | None = None
    currency: str | None = None
    side: str | None = None
    order_type: str | None = None
    tif: str | None = None
    quantity: str | None = None
    """Decimals stand as text until they are written."""
    limit_price: str | None = None
    stop_price: str | None = None
    tag: str | None = None
    strategy: str | None = None
    arrival_price: str | None = None


class LedgerRow(Struct, gc=False):
    """One row. That of a fill, and the snapshot that counts it, change when IBKR corrects it or tells its costs."""

    sequence: int
    """Number of the journal's row."""
    timestamp: str
    """UTC, as the journal has it: when core recorded it."""
    event: LedgerEvent
    order: OrderPart
    reason: str | None = None
    exec_id: str | None = None
    exec_time: str | None = None
    """UTC, the broker's time of the fill."""
    fill_quantity: Decimal | None = None
    fill_price: Decimal | None = None
    filled: Decimal | None = None
    avg_price: Decimal | None = None
    commission: Decimal | None = None
    commission_currency: str | None = None
    slippage_bps: Decimal | None = None
    pnl: Decimal | None = None


def part_of(order: Order, instrument: Instrument | None) -> OrderPart:
    """The columns of an order as it stands; `instrument` None leaves open what only it knows."""
    # By place: a million of them are made for a busy day's ledger.
    return OrderPart(
        order.order_ref,
        order.number or None,
        order.order_id or None,
        order.perm_id,
        order.account,
        order.label if instrument is None else instrument.symbol,
        order.con_id,
        None if instrument is None else instrument.sec_type,
        None if instrument is None else instrument.currency,
        order.side,
        order.type_text,
        order.tif,
        str(order.quantity),
        _text(order.limit_price),
        _text(order.stop_price),
        order.tag or None,
        order.strategy or None,
        _text(order.arrival_price),
    )


def part_of_request(request: OrderRequest, instrument: Instrument | None) -> OrderPart:
    """The columns of what became no order."""
    return OrderPart(
        order_ref=request.order_ref,
        account=request.account,
        symbol=None if instrument is None else instrument.symbol,
        con_id=request.con_id,
        sec_type=None if instrument is None else instrument.sec_type,
        currency=None if instrument is None else instrument.currency,
        side=request.side,
        order_type=request.order_type,
        tif=request.tif,
        quantity=_text(request.quantity),
        limit_price=_text(request.limit_price),
        stop_price=_text(request.stop_price),
        tag=request.tag or None,
        strategy=request.strategy or None,
        arrival_price=_text(request.arrival_price),
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
