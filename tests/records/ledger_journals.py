"""Journals of orders that filled, written by the journal itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from core.clock import trading_day
from core.domain.entries import Entry, FactRecorded, InstrumentKnown, Intent
from core.domain.events import ExecutionAdded, OrderChanged
from core.domain.executions import Execution
from core.domain.instruments import Instrument, SecType
from core.domain.orders import Order, OrderState
from core.journal.files import segment_paths
from core.journal.opened import JournalOptions
from tests.journal.books import SetClock, opened
from tests.journal.values import order, request

AAPL = Instrument(con_id=265598, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")
MORNING = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ARRIVAL = Decimal("233.315")


def known() -> Entry:
    """The instrument of all of them."""
    return InstrumentKnown(instrument=AAPL)


def life(number: int, now: datetime = MORNING, price: str = "233.33", fee: str | None = "1.05") -> Iterator[Entry]:
    """An order from its intent to its fill and, unless it is None, its commission."""
    taken = replace(order(number), created=now, changed=now, arrival_price=ARRIVAL)
    yield Intent(order=taken, request=replace(request(number), arrival_price=ARRIVAL))
    yield _changed(taken, state=OrderState.SENT)
    yield _changed(taken, state=OrderState.WORKING, perm_id=number + 1000)
    fill = Execution(
        exec_id=f"0001.{number:08d}.01",
        order_ref=taken.order_ref,
        perm_id=number + 1000,
        order_id=taken.order_id,
        client_id=taken.client_id,
        account=taken.account,
        con_id=taken.con_id,
        label=taken.label,
        side=taken.side,
        quantity=taken.quantity,
        price=Decimal(price),
        time=now.replace(microsecond=0),
        exchange="ARCA",
    )
    yield FactRecorded(fact=ExecutionAdded(execution=fill))
    yield _changed(
        taken, state=OrderState.FILLED, perm_id=number + 1000, filled=taken.quantity, average_price=fill.price
    )
    if fee is not None:
        yield charged(fill, fee)


def fill_of(order_ref: str, number: int = 1) -> Execution:
    """A fill that names an order."""
    (added,) = [entry for entry in life(number) if isinstance(entry, FactRecorded)][2:3]
    assert isinstance(added.fact, ExecutionAdded)
    return replace(added.fact.execution, order_ref=order_ref)


def charged(fill: Execution, fee: str) -> Entry:
    """The commission of a fill."""
    told = replace(fill, commission=Decimal(fee), commission_currency="USD")
    return FactRecorded(fact=ExecutionAdded(execution=told))


async def written(path: Path, *moments: datetime) -> None:
    """One order that fills at each of these moments; one file a trading day."""
    clock = SetClock(moments[0])
    async with opened(path, JournalOptions(roll_bytes=1), clock) as journal:
        await journal.commit([known()])
        days = set()
        for number, moment in enumerate(moments, start=1):
            clock.now = moment
            days.add(trading_day(moment))
            await journal.commit(list(life(number, moment)))
            for _ in range(500):
                # The writer goes on in a further file when nobody has come for a moment.
                if len(segment_paths(path)) == len(days):
                    break
                await asyncio.sleep(0.01)


def _changed(known: Order, **changes: object) -> FactRecorded:
    return FactRecorded(fact=OrderChanged(order=replace(known, **changes)))
