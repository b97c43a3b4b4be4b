"""The figures of core at the desk: latency by stage, uptime, success, errors, profit, breakers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.events import Health
from core.domain.metrics import Counters, Metrics
from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on
from tui.panes.health import duration
from tui.screens.desk import DeskScreen
from tui.screens.health import HealthScreen


async def opened(desk: Desk) -> None:
    """The box, opened as the palette opens it."""
    await desk.app.run_action("app.health")
    await desk.until(lambda: isinstance(desk.app.screen, HealthScreen))
    await desk.until(lambda: "LATENCY" in desk.words())


@pytest.mark.covers("D0.11")
@pytest.mark.covers("D4.10")
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_every_figure_stands_in_it(size: tuple[int, int]) -> None:
    async with desk_on(size=size) as desk:
        await opened(desk)
        words = desk.words()

    assert "up 1:02:11" in words
    assert "99.8 % of the time · lost once" in words
    assert "commit 0.31 ms" in words
    assert "2 out and 341 in a second" in words
    assert "1,204 · 5 errors of IBKR" in words
    assert "41 sent · 38 taken, 2 refused, 1 unanswered" in words
    assert "92.7 % of those that left were taken" in words
    assert "day +1,240.50 · open \N{MINUS SIGN}40.40" in words
    assert "intent → submit 41 1.20 ms 3.40 ms 8.11 ms 8.11 ms" in words
    assert "total 14 602 ms 1:01 4:09 4:09" in words


async def test_it_follows_core_and_closes() -> None:
    async with desk_on() as desk:
        await opened(desk)
        desk.core.emit(replace(sample.HEALTH, metrics=Metrics(uptime_s=3, counters=Counters(sent=7))))
        await desk.until(lambda: "7 sent" in desk.words())
        await desk.pilot.press("escape")
        await desk.until(lambda: isinstance(desk.app.screen, DeskScreen))


async def test_before_anything_is_measured_no_figure_is_made_up() -> None:
    async with desk_on(replace(sample.SNAPSHOT, health=Health())) as desk:
        await opened(desk)
        words = desk.words()

    assert "connection — · lost never" in words
    assert "loop late — at most in a minute" in words
    assert "success — of those" in words
    assert "ack → fill 0 —" in words


async def test_after_core_is_lost_it_says_that_the_figures_are_old() -> None:
    async with desk_on() as desk:
        await opened(desk)
        desk.core.lose()
        await desk.until(lambda: "core lost: everything here is the last known" in desk.words())


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        ("0", "0.00 ms"),
        ("9.994", "9.99 ms"),
        ("9.995", "10.0 ms"),
        ("99.95", "100 ms"),
        ("999.5", "1.0 s"),
        ("59949", "59.9 s"),
        ("59950", "1:00"),
        ("249100", "4:09"),
    ],
)
def test_a_time_has_the_unit_that_fits_it(milliseconds: str, shown: str) -> None:
    assert duration(Decimal(milliseconds)) == shown
