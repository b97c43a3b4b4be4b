"""Whatever happens to orders, in whatever order: fills add up, and a ledger begun in the middle goes on the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from core.clock import trading_day
from core.domain.entries import CancelAsked, Entry, FactRecorded, Intent
from core.domain.events import ExecutionAdded, OrderChanged
from core.domain.executions import Execution, filled_and_average
from core.domain.orders import Order, OrderState
from core.execution.recorded import Recorded
from core.records.audit_fold import AuditFold
from core.records.ledger_fold import LedgerFold
from core.records.ledger_rows import LedgerEvent
from tests.journal.values import order, request
from tests.records.ledger_journals import ARRIVAL, MORNING, charged, known

ENDS = (None, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED, OrderState.UNKNOWN)
FILLS = st.lists(st.sampled_from([10, 25, 40, 100]), max_size=3)
AFTER = st.sampled_from(["nothing", "fee", "correction", "bust"])


@st.composite
def lives(draw: st.DrawFn, number: int) -> list[Entry]:
    """An order, what fills of it, what is said of its fills later, and how it ends."""
    return list(_life(number, draw(FILLS), draw(st.lists(AFTER, min_size=3, max_size=3)), draw(st.sampled_from(ENDS))))


def _life(number: int, parts: list[int], words: list[str], end: OrderState | None) -> Iterator[Entry]:
    taken = structs.replace(order(number), arrival_price=ARRIVAL, created=MORNING, changed=MORNING)
    yield Intent(order=taken, request=request(number))
    taken = structs.replace(taken, state=OrderState.WORKING, perm_id=number)
    yield _says(taken)
    fills: dict[str, Execution] = {}
    for place, part in enumerate(parts):
        fill = _fill(taken, place, min(Decimal(part), taken.quantity - taken.filled))
        if not fill.quantity:
            continue
        fills[fill.stem] = fill
        yield FactRecorded(fact=ExecutionAdded(execution=fill))
        taken = _filled(taken, fills)
        yield _says(taken)
    if end is OrderState.CANCELLED:
        yield CancelAsked(order_ref=taken.order_ref)
    if end is not None and taken.is_live:
        taken = structs.replace(taken, state=end, note="the reason")
        yield _says(taken)
    for word, fill in zip(words, list(fills.values()), strict=False):
        if word == "fee":
            yield charged(fill, "1.05")
        elif word != "nothing":
            quantity = Decimal(0) if word == "bust" else fill.quantity
            fills[fill.stem] = structs.replace(fill, exec_id=fill.exec_id[:-1] + "2", quantity=quantity)
            yield FactRecorded(fact=ExecutionAdded(execution=fills[fill.stem]))
            taken = _filled(taken, fills)
            yield _says(taken)


def _says(taken: Order) -> Entry:
    return FactRecorded(fact=OrderChanged(order=taken))


def _filled(taken: Order, fills: dict[str, Execution]) -> Order:
    filled, average = filled_and_average(fills.values())
    state = OrderState.FILLED if filled >= taken.quantity else taken.state
    return structs.replace(taken, state=state, filled=filled, average_price=average)


def _fill(taken: Order, place: int, quantity: Decimal) -> Execution:
    return Execution(
        exec_id=f"{taken.order_id:04}.{place:02}.01",
        order_ref=taken.order_ref,
        perm_id=taken.perm_id or 0,
        order_id=taken.order_id,
        client_id=taken.client_id,
        account=taken.account,
        con_id=taken.con_id,
        label=taken.label,
        side=taken.side,
        quantity=quantity,
        price=Decimal("233.30") + place,
        time=MORNING,
    )


@st.composite
def journals(draw: st.DrawFn) -> list[Entry]:
    """Three orders, their rows mixed."""
    waiting = [draw(lives(number)) for number in (1, 2, 3)]
    mixed: list[Entry] = [known()]
    while waiting:
        one = waiting[draw(st.integers(0, len(waiting) - 1))]
        mixed.append(one.pop(0))
        waiting = [rows for rows in waiting if rows]
    return mixed


def moment(row: int) -> str:
    return (MORNING + timedelta(seconds=row)).isoformat(timespec="microseconds")


@given(journals())
def test_the_fills_of_an_order_are_what_it_has_filled(entries: list[Entry]) -> None:
    fold, last = LedgerFold(), dict[str, Order]()
    for row, entry in enumerate(entries):
        fold.apply(row, moment(row), entry)
        if isinstance(entry, FactRecorded) and isinstance(entry.fact, OrderChanged):
            last[entry.fact.order.order_ref] = entry.fact.order
    rows = [row for found in fold.rows.values() for row in found]

    for ref, taken in last.items():
        mine = [row for row in rows if row.order.order_ref == ref]
        fills = [row for row in mine if row.exec_id is not None]
        assert sum((row.fill_quantity or Decimal(0) for row in fills), Decimal(0)) == taken.filled
        assert [row.event for row in mine][:2] == [LedgerEvent.INTENT, LedgerEvent.ACK]
        for snapshot in [row for row in mine if row.event is LedgerEvent.PNL_SNAPSHOT]:
            assert (snapshot.filled, snapshot.avg_price) == (taken.filled, taken.average_price)


@given(journals(), st.data())
def test_begun_in_the_middle_both_records_go_on_the_same(entries: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(entries)))
    recorded = Recorded()
    whole, whole_audit = LedgerFold(), AuditFold("ABCDEF")
    begun, begun_audit = LedgerFold(), AuditFold("ABCDEF")
    lines = []
    for row, entry in enumerate(entries[:cut]):
        recorded.apply(entry)
        whole.apply(row, moment(row), entry)
        whole_audit.apply(row, moment(row), entry)
    known_then = list(recorded.entries())
    begun.recall(known_then)
    begun_audit.recall(known_then)
    for row, entry in enumerate(entries[cut:], cut):
        whole.apply(row, moment(row), entry)
        begun.apply(row, moment(row), entry)
        lines.append((whole_audit.apply(row, moment(row), entry), begun_audit.apply(row, moment(row), entry)))

    day = trading_day(MORNING)
    assert [row for row in whole.rows.get(day, []) if row.sequence >= cut] == begun.rows.get(day, [])
    assert all(expected == found for expected, found in lines)
