"""No order stands without what was to protect it and nobody is told; no parent is kept back in silence."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.domain.commands import PlaceOrder
from core.domain.entries import Entry, FactRecorded, Intent
from core.domain.events import OrderChanged, Severity
from core.domain.orders import OrderState, Pending
from core.domain.reports import ErrorClass
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import error, filled, open_order, ref, status
from tests.execution.rig import Rig, rig
from tests.execution.test_families import legs, send, stops

REFUSED = "UNPROTECTED: IBKR about #3 SELL 100 AAPL STP 230.00: Missing parent order. [10006] "


def alarms(desk: Rig) -> list[str]:
    """Every alarm."""
    return desk.told(Severity.ALARM)


@pytest.mark.row(54)
@jumping
async def test_a_child_that_is_refused_beside_a_filled_parent_alarms_at_once() -> None:
    async with rig(prepare=stops) as desk:
        await send(desk)
        desk.say(status(1, perm_id=901), status(2, perm_id=902))
        desk.say(filled(perm_id=901))
        desk.say(error(3, 10006, ErrorClass.TRANSIENT, text="Missing parent order."))

        assert desk.order(3).state is OrderState.UNKNOWN
        assert alarms(desk) == [f"{REFUSED}The order that it was attached to may work without it: look at that now."]
        assert desk.broker.cancelled == [], "what has filled is not taken back"


@pytest.mark.row(54, 55)
@jumping
async def test_a_last_leg_that_is_refused_takes_back_what_ibkr_keeps_untransmitted() -> None:
    async with rig(prepare=stops) as desk:
        await send(desk)
        desk.say(error(3, 201, ErrorClass.REJECTED))

        assert desk.order(3).state is OrderState.REJECTED
        assert desk.broker.cancelled == [2, 1]
        assert [desk.order(number).pending for number in (1, 2)] == [Pending.CANCEL] * 2
        assert alarms(desk)[-1] == (
            "#1 BUY 100 AAPL @ 233.00 was never sent on: IBKR keeps it back, because #3, the last order of its "
            "bracket, was not taken. It is being cancelled. Look that it is gone, then send it anew."
        )


@pytest.mark.row(54)
@jumping
async def test_an_earlier_leg_that_is_refused_keeps_nothing_back() -> None:
    async with rig(prepare=stops) as desk:
        await send(desk)
        desk.say(error(2, 201, ErrorClass.REJECTED))

        assert desk.broker.cancelled == []
        assert len(alarms(desk)) == 1


async def cut_between_frames(*, sent: int) -> Sequence[Entry]:
    """The journal of a core that died when so many legs of a bracket had left."""
    async with rig(prepare=stops) as desk:
        await desk.send(PlaceOrder(request=legs()[0], children=legs()[1:]))
        rows = list(desk.journal.rows)
    intents = [row for row in rows if isinstance(row, Intent)]
    left = [FactRecorded(fact=OrderChanged(order=desk.order(number))) for number in range(1, sent + 1)]
    return [*intents, *left]


@pytest.mark.row(55)
@jumping
async def test_a_parent_that_works_without_its_stop_after_a_restart_alarms_once() -> None:
    def prepare(broker: FakeBroker) -> None:
        stops(broker)
        broker.book_open.extend([open_order(price="233.00"), open_order(ref(2), order_id=2, perm_id=900_002)])

    async with rig(entries=await cut_between_frames(sent=2), prepare=prepare) as desk:
        await desk.pass_time(120)

        assert [desk.order(number).state for number in (1, 2, 3)] == [
            OrderState.WORKING,
            OrderState.WORKING,
            OrderState.UNKNOWN,
        ]
        assert [text for text in alarms(desk) if text.startswith("UNPROTECTED")] == [
            "UNPROTECTED: #1 BUY 100 AAPL @ 233.00 works, but its attached #3 SELL 100 AAPL STP 230.00 is not at IBKR: "
            "it may never have left. Protect the position or cancel the order now."
        ]


@pytest.mark.row(55)
@jumping
async def test_a_family_of_which_nothing_is_there_is_unknown_all_of_it() -> None:
    async with rig(entries=await cut_between_frames(sent=1), prepare=stops) as desk:
        await desk.pass_time(60)

        assert [desk.order(number).state for number in (1, 2, 3)] == [OrderState.UNKNOWN] * 3
        assert desk.broker.placed == []
        assert not [text for text in alarms(desk) if text.startswith("UNPROTECTED")]


@pytest.mark.row(57)
@jumping
async def test_a_cancel_from_outside_is_told_as_one() -> None:
    async with rig() as desk:
        await desk.working()

        desk.say(status(1, "Cancelled"), error(1, 202, ErrorClass.CANCELLED, text="Order Canceled - reason:by hand"))

        order = desk.order()
        assert (order.state, order.note, order.code) == (OrderState.CANCELLED, "by hand", 202)
        assert desk.told() == ["#1 BUY 100 AAPL @ 233.33 was cancelled outside ibdesk: in TWS, or by IBKR."]


@pytest.mark.row(57)
@jumping
async def test_a_cancel_of_ours_surprises_nobody() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.cancel()
        desk.say(status(1, "PendingCancel"), status(1, "Cancelled"), error(1, 202, ErrorClass.CANCELLED))

        assert desk.told() == []


@pytest.mark.row(57)
@jumping
async def test_the_end_of_a_parent_ends_its_children_without_a_word() -> None:
    async with rig(prepare=stops) as desk:
        await send(desk)
        desk.say(*(status(number, perm_id=900 + number) for number in (1, 2, 3)))
        await desk.cancel(1)
        desk.say(*(status(number, "Cancelled", perm_id=900 + number) for number in (1, 2, 3)))

        assert desk.told() == []
