"""The journal holds everything: whatever happened, a replay of it ends where core was."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.commands import Resume
from core.domain.connection import Connection, Mode
from core.domain.entries import Entry, FactRecorded, InstrumentKnown, Intent, WatchlistSet
from core.domain.events import Incident, OrderChanged, Severity
from core.domain.orders import OrderState, Pending
from core.domain.reports import ErrorClass, Report, RequestKind
from core.domain.transitions import Trigger, transition
from core.errors import NotConnectedError, SendUnknownError
from core.execution.state import DeskState
from tests.execution.clockwork import START, jumping
from tests.execution.reports import (
    AAPL,
    CLIENT_ID,
    D,
    buy,
    commission,
    completed,
    error,
    filled,
    open_order,
    ref,
    status,
)
from tests.execution.rig import ENDPOINT, Rig, rig, settle

FLYING = (OrderState.INTENT, OrderState.SENT)
TABLE = {(state, transition(state, trigger)) for state in OrderState for trigger in Trigger}


def replayed(rows: list[Entry], later: timedelta = timedelta(0)) -> DeskState:
    """What a core that starts now knows."""
    state = DeskState(Connection(mode=Mode.PAPER, profile="paper", endpoint=ENDPOINT, client_id=CLIENT_ID))
    state.replay(rows, START + later)
    return state


def reports_of(number: int) -> st.SearchStrategy[Report]:
    """Anything that the broker may say about the order with this number, right or wrong, once or again."""
    perm_id = 900_000 + number
    words = ["PendingSubmit", "PreSubmitted", "Submitted", "Filled", "Cancelled", "Inactive", "PendingCancel", "Huh"]
    return st.one_of(
        st.builds(lambda word: status(number, word, perm_id=perm_id), st.sampled_from(words)),
        st.builds(
            lambda quantity, word: open_order(
                ref(number), order_id=number, perm_id=perm_id, quantity=quantity, word=word
            ),
            st.sampled_from(["100", "50", "200"]),
            st.sampled_from(words),
        ),
        st.builds(
            lambda fill, revision, quantity: filled(
                f"{number:04d}.{fill:02d}.{revision:02d}",
                str(quantity),
                order_ref=ref(number),
                order_id=number,
                perm_id=perm_id,
            ),
            st.integers(1, 3),
            st.integers(1, 2),
            st.sampled_from([0, 40, 50, 100]),
        ),
        st.builds(lambda fill: commission(f"{number:04d}.{fill:02d}.01"), st.integers(1, 3)),
        st.builds(
            lambda word: completed(ref(number), word, perm_id=perm_id),
            st.sampled_from(["Filled", "Cancelled", "Inactive"]),
        ),
        st.builds(
            lambda error_class, kind: error(number, 201, error_class, kind=kind),
            st.sampled_from([c for c in ErrorClass if not c.value.startswith(("LINK", "FARM"))]),
            st.sampled_from([RequestKind.NEW_ORDER, RequestKind.MODIFY, RequestKind.CANCEL, RequestKind.UNKNOWN]),
        ),
    )


Action = tuple[str | int, ...] | Report

NUMBERS = st.integers(1, 3)
ACTIONS = st.one_of(
    st.tuples(st.just("place"), NUMBERS),
    st.tuples(st.just("cancel"), NUMBERS),
    st.tuples(st.just("modify"), NUMBERS, st.sampled_from(["50", "150", "200"])),
    st.tuples(st.just("send"), st.sampled_from(["sent", "not sent", "may be sent"])),
    NUMBERS.flatmap(reports_of),
    st.tuples(st.just("lose")),
)
OUTCOMES: dict[str, str | BaseException] = {
    "sent": "sent",
    "not sent": NotConnectedError("Nothing was sent."),
    "may be sent": SendUnknownError("half of it left"),
}


async def act(desk: Rig, action: Action) -> None:
    """One thing that happens: a command, a change of the wire's luck, or a word of the broker."""
    known = {order.order_ref for order in desk.snapshot.orders}
    match action:
        case ("place", int() as number):
            await desk.place(buy(number))
        case ("cancel", int() as number) if ref(number) in known:
            await desk.cancel(number)
        case ("modify", int() as number, str() as quantity) if ref(number) in known:
            await desk.modify(number=number, quantity=quantity)
        case ("send", str() as how):
            desk.broker.sending = OUTCOMES[how]
        case ("lose",):
            desk.broker.lose()
            await desk.until(lambda: not desk.connection.accounts)
            await desk.until(lambda: desk.connection.can_trade)
        case report if not isinstance(report, tuple):
            desk.say(report)
    await settle()


def check_promises(desk: Rig) -> None:
    """What must hold whatever happened."""
    placed = [one.request.order_ref for one in desk.broker.placed if not one.modify]
    assert len(placed) == len(set(placed)), "one frame of a new order for one reference, ever"
    intents = [row.request.order_ref for row in desk.journal.rows if isinstance(row, Intent)]
    assert set(placed) <= set(intents)
    for order in desk.snapshot.orders:
        stands = [one for one in desk.snapshot.executions if one.order_ref == order.order_ref]
        assert order.filled == sum(one.quantity for one in stands)
        if order.is_live:
            assert order.filled < order.whole
        else:
            assert (order.pending, order.previous, order.remaining) == (Pending.NONE, None, D(0))
    for number in (1, 2, 3):
        told = [e.order for e in desk.events if isinstance(e, OrderChanged) and e.order.order_ref == ref(number)]
        assert all((one.state, other.state) in TABLE or one.state is other.state for one, other in pairwise(told))
        assert not told or told[-1] == desk.order(number)
    numbers = [envelope.number for envelope in desk.envelopes if envelope.number is not None]
    assert all(one < other for one, other in pairwise(numbers))


@given(st.lists(ACTIONS, max_size=25))
def test_whatever_happens_the_promises_hold_and_a_replay_ends_the_same(actions: list[Action]) -> None:
    @jumping
    async def play() -> None:
        async with rig() as desk:
            for action in [("place", 1), *actions]:
                await act(desk, action)
                check_promises(desk)
            state = replayed(desk.journal.rows)
            ours = [order for order in desk.snapshot.orders if not order.external]
            assert list(state.book.orders()) == ours
            assert {one.exec_id: one for one in state.book.executions()} == {
                one.exec_id: one for one in desk.snapshot.executions
            }
            assert list(state.incidents) == list(desk.snapshot.incidents)
            assert (state.watchlist, state.instruments) == (
                desk.snapshot.watchlist,
                {one.con_id: one for one in desk.snapshot.instruments},
            )
            assert state.highest_order_id == max(order.order_id for order in ours)
            assert state.used_refs == {order.order_ref for order in ours}
            twice = replayed(desk.journal.rows)
            assert list(twice.book.orders()) == ours
            async with rig(entries=desk.journal.rows) as again:
                assert all(order.state not in FLYING for order in again.snapshot.orders)
                await again.send(Resume())
                await again.place(buy(9))
                assert again.order(9).number == max(order.number for order in ours) + 1

    play()


@jumping
async def test_what_was_in_flight_is_unknown_after_a_restart() -> None:
    async with rig() as first:
        first.journal.held = True
        placing = asyncio.create_task(first.place())
        await settle()
        rows = list(first.journal.rows)
        first.journal.release()
        assert (await placing).ok
        sent = list(first.journal.rows)

    for left in (rows, sent):
        async with rig(entries=left, ready=False) as desk:
            assert (desk.order().state, desk.order().note) == (
                OrderState.UNKNOWN,
                "no answer: core ended",
            )


@jumping
async def test_days_that_ended_are_left_behind_but_their_live_orders_are_not() -> None:
    async with rig() as desk:
        await desk.working(buy(1))
        await desk.working(buy(2))
        desk.say(filled(order_ref=ref(2), order_id=2, perm_id=900_002), filled("9.01", "10"))
        rows = list(desk.journal.rows)

    today, tomorrow = replayed(rows), replayed(rows, timedelta(days=5))

    assert [order.order_ref for order in today.book.orders()] == [ref(1), ref(2)]
    assert [order.order_ref for order in tomorrow.book.orders()] == [ref(1)]
    assert [one.exec_id for one in tomorrow.book.executions()] == ["9.01"]
    assert tomorrow.used_refs == {ref(1), ref(2)}
    assert tomorrow.highest_order_id == 2
    assert tomorrow.next_number(START + timedelta(days=5)) == 1
    assert today.next_number(START) == 3


@jumping
async def test_a_late_word_about_an_old_order_does_not_turn_the_numbers_back() -> None:
    async with rig() as desk:
        await desk.working(buy(1))
        (intent,) = [row for row in desk.journal.rows if isinstance(row, Intent)]
    older = replace(intent.order, created=START - timedelta(days=1), number=40)
    late = FactRecorded(fact=OrderChanged(order=replace(older, note="late")))

    assert replayed([Intent(order=older, request=intent.request), intent, late]).next_number(START) == 2


def test_instruments_watchlist_and_incidents_come_back() -> None:
    told = Incident(severity=Severity.INFO, text="x", time=START)

    state = replayed(
        [
            InstrumentKnown(instrument=AAPL),
            WatchlistSet(con_ids=(1, 2)),
            WatchlistSet(con_ids=(2,)),
            FactRecorded(fact=told),
        ]
    )

    assert (state.instruments, state.sketched) == ({AAPL.con_id: AAPL}, set())
    assert state.watchlist == (2,)
    assert list(state.incidents) == [told]
