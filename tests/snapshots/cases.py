"""What is pictured: fixed data at a fixed moment, nothing that blinks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from core.domain.authority import Authority, Grant
from core.domain.commands import Ack
from core.domain.connection import FarmStatus, LinkState, Mode
from core.domain.events import Health, Snapshot, TradingState
from core.domain.limit_changes import LimitShown, LimitsShown, LimitWaiting
from core.domain.reconciliation import Book, Difference, Reading
from core.domain.trading import BreakerShown, BreakerState, Killed, KillScope
from tests.tui import sample, troubles
from tests.tui.desk_pilot import settle
from tests.tui.fake_desk import FakeDesk
from tests.tui.panes.pane_app import PaneApp
from tui import messages
from tui.app import DeskApp
from tui.panes.account import AccountPane
from tui.panes.alerts import AlertsPane
from tui.panes.blotter import BlotterPane
from tui.panes.connection import ConnectionPane
from tui.panes.costs import CostsPane
from tui.panes.health import HealthPane
from tui.panes.instrument import InstrumentRow
from tui.panes.key_row import KeyRow
from tui.panes.message_row import MessageRow
from tui.panes.positions import PositionsPane
from tui.panes.status import StatusRow
from tui.panes.watchlist import WatchlistPane
from tui.screens.arm import GrantScreen
from tui.screens.confirm_live import ConfirmLiveScreen
from tui.screens.kill import KillScreen
from tui.screens.limits import LimitsScreen
from tui.screens.price_alert import PriceAlertScreen
from tui.screens.unknown import UnknownScreen
from tui.themes import DEFAULT_THEME

QUESTION = (
    'LIVE account U…456. Orders from here use real money. Not connected. Type "trade live 456" at a desk to go on.'
)

PAPER = sample.in_mode(sample.SNAPSHOT, Mode.PAPER)
LIVE = sample.in_mode(sample.SNAPSHOT, Mode.LIVE)
ARMED = sample.armed(PAPER)
ARMED_LIVE = sample.armed(LIVE)
UNNAMED, UNNAMED_LIVE = sample.armed(PAPER, ""), sample.armed(LIVE, "")
"""The same for a pane without a link, which has no name."""
GRANTING = replace(
    LIVE,
    authority=Authority(
        grants=(Grant(client="script-3", by="desk-1", until=sample.NOW + timedelta(minutes=10)),),
        others=("script-3", "orderplane-4"),
    ),
)
LIVE_WAITING = sample.in_mode(
    replace(
        sample.SNAPSHOT,
        orders=(),
        executions=(),
        positions=None,
        accounts=(),
        quotes=(),
        health=Health(core_pid=4242, desks=1, journal_head=12),
    ),
    Mode.LIVE,
    state=LinkState.AWAITING_CONFIRMATION,
    account="",
    accounts=(),
    verified=None,
    verified_by="",
    server_version=None,
    ibkr=FarmStatus.UNKNOWN,
    farms=(),
    since=sample.ago(4),
    reconciled=None,
    problem=QUESTION,
)
LOST = replace(
    sample.SNAPSHOT, quotes=tuple(replace(quote, stale=True, last_updated=sample.ago(9)) for quote in sample.QUOTES)
)
READING = Reading(
    time=sample.NOW,
    took_ms=sample.D("1.5"),
    counts=tuple((book, 4) for book in Book),
    next_due=sample.NOW + timedelta(seconds=12),
)
NOWHERE = replace(sample.UNKNOWN, note="in open orders: no · executions: no · completed: no", checks=1)
DOUBTED = replace(sample.TROUBLE, orders=(*sample.ORDERS, NOWHERE, sample.HELD), reading=READING)
DIFFERENT = replace(
    sample.SNAPSHOT,
    reading=replace(
        READING,
        differences=(
            Difference(what=sample.UNKNOWN.text, where=Book.OPEN_ORDERS, ours="UNKNOWN", theirs="Submitted"),
            Difference(what="position TSLA", where=Book.POSITIONS, ours="-50", theirs="-150"),
        ),
    ),
)

SICK = replace(
    sample.SNAPSHOT,
    health=replace(
        sample.HEALTH,
        bad_frames=2,
        metrics=replace(
            sample.METRICS,
            loop_lag_ms=sample.D(312),
            latencies=sample.METRICS.latencies[:1],
            counters=replace(sample.METRICS.counters, taken=4, refused=31, filled=0, cancelled=0, disconnects=12),
        ),
        breakers=(
            BreakerShown(
                name="orders",
                state=BreakerState.OPEN,
                until=sample.NOW + timedelta(seconds=21),
                last="#44 BUY 100 AAPL @ 233.33: no trading permission",
            ),
            BreakerShown(name="connection", state=BreakerState.CLOSED, until=None, last=""),
        ),
    ),
)
"""Much goes wrong: orders are refused, the loop is held, the connection comes and goes."""


COSTLY = replace(
    sample.SNAPSHOT,
    orders=tuple(
        replace(order, arrival_price=sample.D(arrival)) if arrival else order
        for order, arrival in zip(sample.ORDERS, ("232.47", "", "", "597.955", ""), strict=True)
    ),
)
"""One order traded worse than the market that it met, one better."""


class PaneCase(NamedTuple):
    """One pane in its own application."""

    make: Callable[[], Widget]
    size: tuple[int, int]
    snapshot: Snapshot | None = sample.SNAPSHOT
    con_id: int | None = None
    """The instrument in focus; None for none."""


PANES: dict[str, PaneCase] = {
    "status-practice": PaneCase(StatusRow, (80, 1)),
    "status-paper": PaneCase(StatusRow, (120, 1), PAPER),
    "status-live": PaneCase(StatusRow, (120, 1), LIVE),
    "status-armed": PaneCase(StatusRow, (80, 1), UNNAMED),
    "status-armed-live": PaneCase(StatusRow, (120, 1), UNNAMED_LIVE),
    "status-starting": PaneCase(StatusRow, (80, 1), None),
    "instrument": PaneCase(InstrumentRow, (80, 1), con_id=sample.AAPL),
    "instrument-halted": PaneCase(InstrumentRow, (120, 1), con_id=sample.GME),
    "watch": PaneCase(WatchlistPane, (80, 14), sample.TROUBLE),
    "watch-stale": PaneCase(WatchlistPane, (80, 14), LOST),
    "watch-starting": PaneCase(WatchlistPane, (80, 5), None),
    "positions": PaneCase(PositionsPane, (80, 6)),
    "positions-unknown": PaneCase(PositionsPane, (80, 5), replace(sample.SNAPSHOT, positions=None)),
    "orders": PaneCase(BlotterPane, (80, 10), sample.TROUBLE),
    "orders-empty": PaneCase(BlotterPane, (80, 5), replace(sample.SNAPSHOT, orders=())),
    "account": PaneCase(AccountPane, (41, 14)),
    "alerts": PaneCase(AlertsPane, (41, 6), troubles.TROUBLE),
    "alerts-empty": PaneCase(AlertsPane, (41, 3)),
    "health-120x40": PaneCase(HealthPane, (120, 40)),
    "health-80x24": PaneCase(HealthPane, (80, 24), SICK),
    "costs-120x40": PaneCase(CostsPane, (120, 40), COSTLY),
    "costs-80x24": PaneCase(CostsPane, (80, 24), COSTLY),
    "costs-empty": PaneCase(CostsPane, (60, 4), replace(sample.SNAPSHOT, executions=())),
    "connection": PaneCase(ConnectionPane, (41, 19), PAPER),
    "connection-differences": PaneCase(ConnectionPane, (60, 22), DIFFERENT),
    "connection-refused": PaneCase(ConnectionPane, (41, 19), LIVE_WAITING),
    "message": PaneCase(MessageRow, (80, 3), troubles.TROUBLE),
    "keys": PaneCase(KeyRow, (120, 1)),
}


def pane_app(case: PaneCase, theme: str = DEFAULT_THEME) -> PaneApp:
    """The application of a case."""
    return PaneApp(case.make, case.snapshot, theme=theme)


async def show_pane(case: PaneCase, pilot: Pilot[None]) -> None:
    """Bring the pane to the state that is pictured."""
    app = pilot.app
    assert isinstance(app, PaneApp)
    app.publish(messages.SnapshotLoaded("S1"))
    app.publish(messages.FocusChanged(case.con_id, by_user=False))
    await pilot.pause()


class DeskCase(NamedTuple):
    """The whole desk."""

    size: tuple[int, int]
    snapshot: Snapshot = sample.SNAPSHOT
    press: tuple[str, ...] = ()
    action: str = ""
    """Run instead of a key, for what has none; empty for nothing."""
    limits: LimitsShown | None = None
    """What core says when it is asked for its limits."""


REDUCING = replace(
    sample.SNAPSHOT,
    trading_state=TradingState.REDUCING,
    trading_reason=(
        "Daily loss limit reached: DU…123 has lost 1,012.40 USD today, the limit is 1,000.00 (limits.daily_loss). It "
        "holds until the trading day ends."
    ),
)
_OURS = tuple(order.order_ref for order in sample.SNAPSHOT.orders if order.is_live and not order.external)
KILLED = replace(
    sample.SNAPSHOT,
    trading_state=TradingState.HALTED,
    trading_reason="KILL at desk. Type resume to trade again.",
    killed=Killed(scope=KillScope.ENTRIES, by="desk", since=sample.NOW, asked=_OURS[1:], kept=_OURS[:1]),
)

_FILE = "/home/me/.config/ibdesk/risk/paper.toml"
_LIMITS = {
    "order_quantity": ("10000", "default", None),
    "order_value": ("20000", _FILE, None),
    "price_band_percent": ("10", "default", None),
    "open_orders": ("60", "default", "4"),
    "position_value": ("5000000", "default", "41378"),
    "portfolio_risk": ("0.5", "MAX_PORTFOLIO_RISK", None),
    "daily_loss": ("1500", _FILE, "420.50"),
    "day_orders": ("200", _FILE, "41"),
    "day_trades": ("2000", "default", "14"),
    "day_value": ("none", "default", None),
    "ask_short": ("true", "default", None),
    "symbols.TSLA.order_quantity": ("50", _FILE, None),
    "accounts.DU7654321.day_orders": ("100", _FILE, None),
    "permissions.allowed_symbols": ("any", "default", None),
    "permissions.forbidden_symbols": ("AMC, GME", _FILE, None),
    "permissions.short": ("false", _FILE, None),
}
LIMITS = LimitsShown(
    limits=tuple(
        LimitShown(name=name, value=value, source=source, used=None if used is None else sample.D(used))
        for name, (value, source, used) in _LIMITS.items()
    ),
    waiting=(
        LimitWaiting(
            name="price_band_percent",
            old="10",
            new="15",
            by="desk",
            asked=sample.ago(48),
            due=sample.ago(48) + timedelta(minutes=10),
        ),
    ),
)

DESKS: dict[str, DeskCase] = {
    "quiet-80x24": DeskCase((80, 24)),
    "quiet-120x40": DeskCase((120, 40)),
    "trouble-80x24": DeskCase((80, 24), troubles.TROUBLE),
    "trouble-120x40": DeskCase((120, 40), troubles.TROUBLE),
}
"""Pictured dark, light and without colour."""

MORE_DESKS: dict[str, DeskCase] = {
    "paper-120x40": DeskCase((120, 40), PAPER),
    "live-80x24": DeskCase((80, 24), LIVE),
    "live-question-120x40": DeskCase((120, 40), LIVE_WAITING),
    "armed-80x24": DeskCase((80, 24), ARMED, press=("b",)),
    "armed-120x40": DeskCase((120, 40), ARMED_LIVE, press=("b",)),
    "arm-80x24": DeskCase((80, 24), LIVE, action="app.arm"),
    "grant-80x24": DeskCase((80, 24), GRANTING, action="app.grant"),
    "grant-120x40": DeskCase((120, 40), GRANTING, action="app.grant"),
    "large-200x60": DeskCase((200, 60), troubles.TROUBLE),
    "keys-80x24": DeskCase((80, 24), press=("question_mark",)),
    "reducing-80x24": DeskCase((80, 24), REDUCING),
    "reducing-120x40": DeskCase((120, 40), REDUCING),
    "halted-80x24": DeskCase((80, 24), KILLED),
    "halted-120x40": DeskCase((120, 40), KILLED),
    "kill-80x24": DeskCase((80, 24), KILLED, press=("f9",)),
    "kill-120x40": DeskCase((120, 40), KILLED, press=("f9",)),
    "limits-80x24": DeskCase((80, 24), action="app.limits", limits=LIMITS, press=("down", "down")),
    "limits-120x40": DeskCase((120, 40), action="app.limits", limits=LIMITS, press=("down", "enter", "5")),
    "health-80x24": DeskCase((80, 24), SICK, action="app.health"),
    "health-120x40": DeskCase((120, 40), action="app.health"),
    "costs-80x24": DeskCase((80, 24), COSTLY, action="app.costs"),
    "costs-120x40": DeskCase((120, 40), COSTLY, action="app.costs"),
    "alerts-80x24": DeskCase((80, 24), troubles.TROUBLE, action="alerts"),
    "price-alert-80x24": DeskCase((80, 24), action="price_alert"),
    "unknown-80x24": DeskCase((80, 24), DOUBTED, press=("tab", "tab", "home", "space")),
}
"""Pictured dark."""


def desk_app(case: DeskCase, theme: str = DEFAULT_THEME) -> DeskApp:
    """The application of a case."""
    core = FakeDesk(case.snapshot, answer=lambda _: Ack(ok=True, result=case.limits))
    return DeskApp(core.connect, theme=theme, utc=lambda: sample.NOW)


async def show_desk(case: DeskCase, pilot: Pilot[None]) -> None:
    """Bring the desk to the state that is pictured."""
    await settle(pilot)
    if case.press and not case.action:
        await pilot.press(*case.press)
        await pilot.pause()
    if case.action:
        await pilot.app.run_action(case.action, pilot.app.screen)
        await pilot.pause()
        await pilot.press(*case.press)
        await pilot.pause()
    typed = ConfirmLiveScreen | GrantScreen | KillScreen | LimitsScreen | PriceAlertScreen | UnknownScreen
    if isinstance(pilot.app.screen, typed):
        pilot.app.screen.query_one(Input).cursor_blink = False
        await pilot.pause()


def pane_runner(case: PaneCase) -> Callable[[Pilot[None]], object]:
    """What `snap_compare` runs before it takes the picture of a pane."""
    return partial(show_pane, case)


def desk_runner(case: DeskCase) -> Callable[[Pilot[None]], object]:
    """The same for the desk."""
    return partial(show_desk, case)
