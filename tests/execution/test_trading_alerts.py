"""Alerts about what keeps orders back: they end with it, like those about the connection."""

from __future__ import annotations

import pytest

from core.domain.alerts import Alert, Severity
from core.domain.commands import Kill, Resume
from core.domain.reports import ErrorClass
from core.execution.alert_rules import TRADING
from core.execution.alerts import LOOK_SECONDS
from tests.execution.clockwork import jumping
from tests.execution.reports import error
from tests.execution.rig import Rig, rig, settle


def trading_alerts(desk: Rig) -> list[Alert]:
    """The alerts about what keeps orders back."""
    return [alert for alert in desk.alerts() if alert.cause.startswith(TRADING)]


@pytest.mark.covers("D4.9")
@jumping
async def test_what_keeps_orders_back_is_over_with_the_word_that_ends_it_each_by_itself() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(error(1, 103, ErrorClass.OUR_FAULT))
        await settle()
        desk.service.kill(Kill(), "desk")
        await desk.pass_time(2 * LOOK_SECONDS)
        reducing, kill = trading_alerts(desk)
        assert reducing.text.startswith("Only reducing orders are sent from now on: ")
        assert kill.text == "Trading is halted: KILL at desk. Type resume to trade again."
        assert [(alert.severity, alert.count, alert.holds) for alert in (reducing, kill)] == [
            (Severity.ALARM, 1, True)
        ] * 2
        assert desk.calls().count(kill.text) == desk.calls().count(reducing.text) == 1

        assert (await desk.send(Resume())).ok
        await desk.pass_time(2 * LOOK_SECONDS)
        reducing, kill = trading_alerts(desk)
        assert (reducing.holds, kill.holds) == (True, False)
        assert kill.words.endswith(" - over")

        assert (await desk.send(Resume())).ok
        await desk.pass_time(2 * LOOK_SECONDS)
        assert not any(alert.holds for alert in trading_alerts(desk))


@jumping
async def test_a_halt_that_ended_with_the_run_of_core_is_over_in_the_next() -> None:
    async with rig() as first:
        first.service.halt("The disk is full.")
        await settle()
        rows = list(first.journal.rows)

    async with rig(entries=rows) as desk:
        await desk.pass_time(2 * LOOK_SECONDS)

        (alert,) = desk.alerts()
        assert (alert.text, alert.holds) == ("Trading is halted: The disk is full.", False)
        assert desk.calls() == []
