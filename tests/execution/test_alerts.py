"""Alerts of a running service: each thing that goes wrong is told once, counted, written down, and ends."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.alerts import Alert, AlertKind, Severity
from core.domain.commands import SeeAlerts
from core.domain.connection import LinkState
from core.domain.entries import Entry, FactRecorded
from core.domain.events import AlertChanged, Health
from core.domain.orders import Pending
from core.domain.reports import AccountValueReport, ErrorClass, RequestKind, Tick, TickField
from core.execution.alert_book import CALM_SECONDS
from core.execution.alert_rules import HOLD_SECONDS
from core.execution.alerts import LOOK_SECONDS, AlertOptions
from core.execution.naked import NAKED_SECONDS
from tests.execution.clockwork import jumping
from tests.execution.reports import AAPL, ACCOUNT, buy, error, filled, position, ref, session_error, status
from tests.execution.rig import Rig, rig, settle
from tests.execution.test_families import legs, send, stops
from tests.limits import UNASKED

D = Decimal
DOWN = session_error(1100, ErrorClass.LINK_DOWN, "Connectivity between IBKR and TWS has been lost.")
UP = session_error(1102, ErrorClass.LINK_UP_DATA_KEPT)
NO_BREAKER = replace(UNASKED, breaker_failures=None)
"""An open breaker is news of its own."""


class Hook:
    """Remembers whom it should have called about what."""

    def __init__(self) -> None:
        self.called: list[Alert] = []

    def call(self, alert: Alert) -> None:
        self.called.append(alert)

    async def close(self) -> None:
        self.called.clear()


def facts(desk: Rig) -> list[AlertChanged]:
    """Every alert fact that was published."""
    return [event for event in desk.events if isinstance(event, AlertChanged)]


def written(desk: Rig) -> list[Alert]:
    """Every alert in the journal."""
    return [
        row.fact.alert
        for row in desk.journal.rows
        if isinstance(row, FactRecorded) and isinstance(row.fact, AlertChanged)
    ]


@jumping
async def test_a_start_without_trouble_has_no_alert() -> None:
    async with rig() as desk:
        await desk.pass_time(30)

        assert desk.alerts() == []


@pytest.mark.covers("D4.9")
@jumping
async def test_a_link_that_flaps_a_hundred_times_is_one_alert_with_a_count() -> None:
    async with rig(limits=NO_BREAKER) as desk:
        for _ in range(100):
            desk.say(DOWN)
            await desk.pass_time(0.1)
            desk.say(UP)
            await desk.pass_time(0.1)
        await desk.pass_time(2 * LOOK_SECONDS)

        (alert,) = desk.alerts(AlertKind.CONNECTION)
        assert (alert.kind, alert.cause, alert.count, alert.holds) == (AlertKind.CONNECTION, "ibkr", 100, False)
        assert alert.severity is Severity.ALARM
        told = [event for event in facts(desk) if event.alert.kind is AlertKind.CONNECTION]
        assert [event.rings for event in told].count(True) == 1
        assert len(told) <= 2 + 20 / LOOK_SECONDS + 2, "at most one a second"
        assert alert in written(desk)


@pytest.mark.covers("D4.9")
@jumping
async def test_a_lost_gateway_is_told_once_however_often_it_is_tried_and_ends_when_it_is_back() -> None:
    hook = Hook()
    async with rig(alerts=AlertOptions(hook=hook)) as desk:
        desk.broker.open_error = ConnectionRefusedError()
        desk.broker.lose()
        await desk.until_state(LinkState.WAITING)
        await settle()
        assert [alert.cause for alert in desk.alerts()] == ["gateway"]
        assert desk.alerts()[0].holds


@pytest.mark.covers("D4.9")
@jumping
async def test_a_gateway_that_came_back_is_over_and_whoever_was_called_hears_it_once_it_stayed() -> None:
    hook = Hook()
    async with rig(alerts=AlertOptions(hook=hook)) as desk:
        desk.broker.lose()
        await desk.until_state(LinkState.WAITING)
        await desk.until_state(LinkState.READY)
        await desk.pass_time(2 * LOOK_SECONDS)
        (alert,) = desk.alerts()
        assert alert.over is not None
        assert [called.over for called in hook.called] == [None]

        await desk.pass_time(CALM_SECONDS + LOOK_SECONDS)
        assert [called.over for called in hook.called] == [None, alert.over]
        await desk.pass_time(10 * CALM_SECONDS)
        assert len(hook.called) == 2


@pytest.mark.covers("D4.9")
@jumping
async def test_rejections_of_one_kind_are_one_alert_that_speaks_of_the_last() -> None:
    async with rig(limits=NO_BREAKER) as desk:
        for number in range(1, 6):
            await desk.place(buy(number))
            desk.say(error(number, 201, ErrorClass.REJECTED, text="needs 48,200 margin"))
        await desk.pass_time(2 * LOOK_SECONDS)

        (alert,) = desk.alerts(AlertKind.REJECTION)
        assert (alert.kind, alert.count, alert.con_id) == (AlertKind.REJECTION, 5, AAPL.con_id)
        assert alert.order_ref == desk.order(5).order_ref
        assert alert.text == "IBKR refused #5 BUY 100 AAPL @ 233.33: needs 48,200 margin [201]"
        refusals = [text for text in desk.calls() if text.startswith("IBKR refused")]
        assert refusals == ["IBKR refused #1 BUY 100 AAPL @ 233.33: needs 48,200 margin [201]"]


@pytest.mark.covers("D4.9")
@jumping
async def test_a_locate_and_a_read_only_gateway_are_restrictions() -> None:
    async with rig() as desk:
        await desk.place(buy(1))
        desk.say(error(1, 404, ErrorClass.HELD, text="Order held while securities are located."))
        await desk.place(buy(2))
        desk.say(error(2, 321, ErrorClass.AMBIGUOUS, text="The API interface is currently in Read-Only mode."))
        await settle()

        kinds = [alert.kind for alert in desk.alerts() if alert.cause.startswith(RequestKind.NEW_ORDER)]
        assert kinds == [AlertKind.RESTRICTION] * 2


@pytest.mark.covers("D4.9")
@jumping
async def test_orders_in_doubt_are_one_alert() -> None:
    async with rig() as desk:
        for number in (1, 2, 3):
            await desk.place(buy(number))
        desk.say(DOWN)
        await desk.pass_time(2 * LOOK_SECONDS)

        (doubt,) = desk.alerts(AlertKind.ORDER)
        assert (doubt.count, doubt.severity) == (3, Severity.ALARM)


@pytest.mark.covers("D4.9")
@jumping
async def test_a_change_of_what_may_be_traded_is_a_restriction() -> None:
    async with rig() as desk:
        desk.service.halt("The disk is full.")
        await settle()

        (alert,) = desk.alerts()
        assert (alert.kind, alert.severity) == (AlertKind.RESTRICTION, Severity.ALARM)
        assert alert.text == "Trading is halted: The disk is full."
        assert alert.holds


def margin(desk: Rig, tag: str, value: str) -> None:
    """IBKR gives a figure of the account."""
    desk.say(AccountValueReport(account=ACCOUNT, tag=tag, value=value, currency="USD"))


@pytest.mark.covers("D4.9")
@jumping
async def test_margin_is_told_once_until_it_has_eased() -> None:
    async with rig() as desk:
        margin(desk, "NetLiquidation", "1000")
        for initial in ("800", "950", "960", "890", "955"):
            margin(desk, "InitMarginReq", initial)
        await settle()
        (alert,) = desk.alerts(AlertKind.MARGIN)
        assert (alert.count, alert.holds) == (1, True)

        margin(desk, "InitMarginReq", "500")
        margin(desk, "MaintMarginReq", "990")
        await desk.pass_time(2 * LOOK_SECONDS)
        initial_margin, cushion = desk.alerts(AlertKind.MARGIN)
        assert initial_margin.over is not None
        assert (cushion.severity, cushion.holds) == (Severity.ALARM, True)
        assert len(desk.calls()) == 2


@pytest.mark.covers("D4.9")
@jumping
async def test_a_competing_session_and_a_broken_farm_degrade_and_are_told_once() -> None:
    async with rig() as desk:
        for _ in range(20):
            desk.say(error(7, 10197, ErrorClass.COMPETING_SESSION, kind=RequestKind.MARKET_DATA))
            desk.say(session_error(2103, ErrorClass.FARM_DOWN, "Market data farm connection is broken:usfarm"))
        await settle()

        assert len(desk.alerts()) == len(desk.calls()) == 2


@pytest.mark.covers("D4.9")
@jumping
async def test_a_slow_gateway_degrades_once_it_has_been_slow_for_a_while() -> None:
    async with rig() as desk:
        desk.journal.last_sync_ms = D(900)
        await desk.pass_time(HOLD_SECONDS + 3 * LOOK_SECONDS)
        (alert,) = desk.alerts(AlertKind.DEGRADATION)
        assert (alert.cause, alert.holds) == ("journal", True)

        desk.journal.last_sync_ms = D(1)
        await desk.pass_time(HOLD_SECONDS + 3 * LOOK_SECONDS)
        assert desk.alerts(AlertKind.DEGRADATION)[0].over is not None
        assert desk.snapshot.health != Health()


@pytest.mark.covers("D4.9")
@jumping
async def test_a_halt_of_what_is_held_is_told_and_ends_and_one_of_the_watchlist_is_not() -> None:
    async with rig() as desk:
        halted = Tick(con_id=AAPL.con_id, field=TickField.HALTED, value=D(1))
        desk.service.on_ticks([halted])
        await settle()
        assert desk.alerts() == []

        await desk.working()
        desk.service.on_ticks([halted])
        desk.service.on_ticks([halted])
        await settle()
        (alert,) = desk.alerts(AlertKind.RESTRICTION)
        assert (alert.con_id, alert.count, alert.holds) == (AAPL.con_id, 1, True)

        desk.service.on_ticks([replace(halted, value=D(0))])
        await settle()
        assert not desk.alerts(AlertKind.RESTRICTION)[0].holds


async def bought_with_stop(desk: Rig) -> None:
    """A bracket whose entry has filled; target and stop work."""
    desk.say(position("0"))
    await send(desk)
    for number in (1, 2, 3):
        desk.say(status(number, perm_id=900 + number))
    desk.say(filled(perm_id=901), position("100"))


@pytest.mark.covers("D4.9")
@jumping
async def test_a_position_that_loses_its_stop_alarms_once_and_ends_with_another_stop() -> None:
    async with rig(prepare=stops) as desk:
        await bought_with_stop(desk)
        await desk.pass_time(2 * NAKED_SECONDS)
        assert desk.alerts(AlertKind.POSITION) == []

        desk.say(status(3, "Cancelled", perm_id=903))
        await desk.pass_time(NAKED_SECONDS + 5 * LOOK_SECONDS)
        (alert,) = desk.alerts(AlertKind.POSITION)
        assert (alert.severity, alert.con_id, alert.count, alert.holds) == (Severity.ALARM, AAPL.con_id, 1, True)
        assert alert.text == "AAPL 100 has no stop any more: add one, or close the position ( x )."

        await desk.working(replace(legs()[2], order_ref=ref(4), parent_ref=""))
        await desk.pass_time(2 * LOOK_SECONDS)
        assert not desk.alerts(AlertKind.POSITION)[0].holds
        assert desk.calls() == [alert.text]


@jumping
async def test_a_position_that_never_had_a_stop_alarms_nobody() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(perm_id=desk.order().perm_id or 0), position("100"))
        await desk.pass_time(60)

        assert desk.alerts(AlertKind.POSITION) == []


@jumping
async def test_a_stop_that_is_being_cancelled_counts_no_more() -> None:
    async with rig(prepare=stops) as desk:
        await bought_with_stop(desk)
        await desk.cancel(3)
        assert desk.order(3).pending is Pending.CANCEL
        await desk.pass_time(NAKED_SECONDS + 2 * LOOK_SECONDS)

        assert len(desk.alerts(AlertKind.POSITION)) == 1


async def naked_journal() -> list[Entry]:
    """The journal of a core that died with a position that had just lost its stop, which nobody had told yet."""
    async with rig(prepare=stops) as desk:
        await bought_with_stop(desk)
        desk.say(status(3, "Cancelled", perm_id=903))
        await settle()
        assert desk.alerts(AlertKind.POSITION) == []
        return list(desk.journal.rows)


@pytest.mark.covers("D4.9")
@jumping
async def test_a_core_that_comes_back_knows_which_positions_had_a_stop() -> None:
    rows = await naked_journal()

    def holding(broker: object) -> None:
        vars(broker)["book_positions"] = [position("100")]

    async with rig(entries=rows, prepare=holding) as desk:
        await desk.pass_time(NAKED_SECONDS + 2 * LOOK_SECONDS)

        (alert,) = desk.alerts(AlertKind.POSITION)
        assert alert.holds


@pytest.mark.covers("D4.9")
@jumping
async def test_alerts_outlive_core_and_call_nobody_when_they_are_read_back() -> None:
    async with rig() as first:
        await first.place()
        first.say(error(1, 201, ErrorClass.REJECTED))
        await settle()
        await first.send(SeeAlerts(numbers=(1,)))
        before, rows = first.alerts(), list(first.journal.rows)

    hook = Hook()
    async with rig(entries=rows, alerts=AlertOptions(hook=hook)) as desk:
        await desk.pass_time(5)

        assert desk.alerts() == before
        assert before[0].seen
        assert (hook.called, desk.calls()) == ([], [])


@pytest.mark.covers("D4.9")
@jumping
async def test_one_desk_sees_alerts_for_all_and_another_time_makes_them_new() -> None:
    async with rig() as desk:
        await desk.place(buy(1))
        desk.say(error(1, 201, ErrorClass.REJECTED))
        await settle()
        assert (await desk.send(SeeAlerts())).ok
        assert desk.alerts()[0].seen
        assert facts(desk)[-1] == AlertChanged(alert=desk.alerts()[0])

        await desk.place(buy(2))
        desk.say(error(2, 201, ErrorClass.REJECTED))
        await desk.pass_time(2 * LOOK_SECONDS)
        (alert,) = desk.alerts()
        assert (alert.seen, alert.count) == (False, 2)
        assert facts(desk)[-1].alert == alert
        assert len(desk.calls()) == 1


@jumping
async def test_seeing_what_is_not_there_changes_nothing() -> None:
    async with rig() as desk:
        assert (await desk.send(SeeAlerts(numbers=(5,)))).ok
        assert facts(desk) == []


@jumping
async def test_an_alert_that_can_not_be_made_ends_nothing() -> None:
    async with rig() as desk:
        desk.say(replace(DOWN, code=None))
        desk.say(DOWN)
        await settle()

        assert desk.connection.state is LinkState.READY
