"""ALERTS: what its rows say, how one is marked as seen, and when the bell rings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace

from core.domain.alerts import Comparison, PriceAlert, Severity
from core.domain.commands import SeeAlerts
from core.domain.events import AlertChanged, PriceAlertsUpdated
from tests.tui import sample, troubles
from tests.tui.desk_pilot import desk_on, lines_of, words_of
from tests.tui.panes.pane_app import PaneApp
from tui import messages
from tui.panes.alerts import AlertsPane
from tui.panes.message_row import MessageRow
from tui.screens.alerts import AlertsScreen

WAITING = PriceAlert(
    number=1, con_id=sample.SPY, label="SPY", comparison=Comparison.ABOVE, price=sample.D(600), created=sample.NOW
)


@pytest.mark.covers("D4.9")
async def test_rows_read_as_drawn_the_latest_on_top_count_and_end_before_the_words() -> None:
    app = PaneApp(AlertsPane, troubles.TROUBLE)
    async with app.run_test(size=(60, 6)) as pilot:
        await pilot.pause()

        assert lines_of(app)[0].endswith(" 3 new ━")
        assert lines_of(app)[1:5] == [
            "▸ 10:30:43 ?  #7 BUY 100 NVDA 141.20: sent 10:30:24, no ans…",
            "  10:29:57 !! TSLA −50 has no stop any more: add one, or cl…",
            "  10:29:02 !  GME is halted: nothing trades, stops wait, an…",
            "  10:19:27 !! ×3 over · No connection to the gateway: it cl…",
        ]


async def test_an_alert_that_repeats_stays_one_row_and_comes_to_the_top() -> None:
    app = PaneApp(AlertsPane, troubles.TROUBLE)
    async with app.run_test(size=(60, 6)) as pilot:
        again = replace(troubles.ALERTS[1], count=2, time=sample.NOW)
        app.apply(AlertChanged(alert=again), messages.AlertUpdated(again, rings=False))
        await pilot.pause()

        assert "10:31:07 !  ×2 GME is halted" in lines_of(app)[1]
        assert len(app.query_one(AlertsPane).grid.row_keys) == 4


async def test_nothing_that_happened_and_prices_that_are_waited_for() -> None:
    app = PaneApp(AlertsPane)
    async with app.run_test(size=(60, 4)) as pilot:
        await pilot.pause()
        assert "no alerts" in words_of(app)

        app.apply(PriceAlertsUpdated(price_alerts=(WAITING,)), messages.PriceAlertsUpdated())
        await pilot.pause()
        assert lines_of(app)[0].endswith(" waits for 1 ━")


@pytest.mark.covers("D4.9")
@pytest.mark.parametrize("key", ["space", "enter"])
async def test_a_key_marks_the_alert_under_the_cursor_as_seen_and_never_orders(key: str) -> None:
    async with desk_on(troubles.TROUBLE, size=(120, 40)) as desk:
        pane = desk.screen.query_one(AlertsPane)
        pane.grid.focus()
        await desk.pilot.pause()
        await desk.pilot.press("down", key)
        await desk.until(lambda: bool(desk.core.sent))
        assert desk.core.sent == [SeeAlerts(numbers=(3,))]
        assert desk.screen.focus_con_id == sample.TSLA
        assert "TSLA −50 has no stop any more" in desk.words()

        desk.core.emit(AlertChanged(alert=replace(troubles.ALERTS[2], seen=True)))
        await desk.until(lambda: pane.status == "2 new")
        await desk.pilot.press(key)
        await desk.pilot.pause()
        assert len(desk.core.sent) == 1, "it was seen already"


async def test_an_alert_without_an_instrument_leaves_the_focus_where_it_is() -> None:
    async with desk_on(troubles.TROUBLE, size=(120, 40)) as desk:
        desk.screen.query_one(AlertsPane).grid.focus()
        await desk.pilot.pause()
        await desk.pilot.press("end")
        await desk.pilot.pause()

        assert desk.screen.focus_con_id == sample.NVDA, "the instrument of the first row"


@pytest.mark.covers("D4.9")
async def test_where_the_desk_is_narrow_the_palette_shows_them_all() -> None:
    async with desk_on(troubles.TROUBLE) as desk:
        assert not desk.screen.query_one(AlertsPane).region
        assert any(line.endswith("3 alerts") for line in desk.lines())

        await desk.app.run_action("alerts", default_namespace=desk.screen)
        await desk.until(lambda: isinstance(desk.app.screen, AlertsScreen))
        await desk.pilot.press("down")
        await desk.until(lambda: "add one, or close the position" in desk.words())
        await desk.pilot.press("space", "a")
        await desk.until(lambda: len(desk.core.sent) == 2)
        assert desk.core.sent == [SeeAlerts(numbers=(3,)), SeeAlerts()]
        await desk.pilot.press("escape")
        await desk.until(lambda: desk.app.screen is desk.screen)


class Ringing(PaneApp):
    """Counts how often the bell rang."""

    rung = 0

    def bell(self) -> None:
        self.rung += 1


@pytest.fixture
def numbers() -> Iterator[int]:
    """Numbers of alerts, one after the other."""
    return iter(range(10, 100))


def ring(app: PaneApp, number: int, severity: Severity = Severity.ALARM, *, rings: bool = True) -> None:
    """An alert comes."""
    alert = replace(troubles.ALERTS[2], number=number, severity=severity)
    app.apply(AlertChanged(alert=alert, rings=rings), messages.AlertUpdated(alert, rings))


@pytest.mark.covers("D4.9")
async def test_the_bell_rings_once_for_what_calls_and_not_for_what_counts_up(numbers: Iterator[int]) -> None:
    app = Ringing(MessageRow, troubles.TROUBLE)
    async with app.run_test(size=(80, 3)) as pilot:
        assert app.rung == 0, "nothing rings for what was there"
        ring(app, next(numbers))
        await pilot.pause()
        assert app.rung == 1
        assert "TSLA −50 has no stop any more" in words_of(app)

        app.moment += timedelta(seconds=5)
        ring(app, 10, rings=False)
        await pilot.pause()
        assert app.rung == 1


async def test_a_hundred_alerts_at_once_ring_once(numbers: Iterator[int]) -> None:
    app = Ringing(MessageRow)
    async with app.run_test(size=(80, 3)) as pilot:
        for _ in range(50):
            ring(app, next(numbers))
        await pilot.pause()
        assert app.rung == 1

        app.moment += timedelta(seconds=2)
        ring(app, next(numbers))
        await pilot.pause()
        assert app.rung == 2


@pytest.mark.parametrize(
    ("bell", "severity", "rung"),
    [
        (None, Severity.ALARM, 0),
        (Severity.ALARM, Severity.WARNING, 0),
        (Severity.ALARM, Severity.ALARM, 1),
        (Severity.WARNING, Severity.WARNING, 1),
    ],
)
async def test_the_bell_rings_as_the_profile_wants(bell: Severity | None, severity: Severity, rung: int) -> None:
    app = Ringing(MessageRow, replace(sample.SNAPSHOT, bell=bell))
    async with app.run_test(size=(80, 3)) as pilot:
        ring(app, 10, severity)
        await pilot.pause()

        assert app.rung == rung
