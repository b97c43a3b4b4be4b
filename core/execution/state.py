"""Everything that core knows, in one place, and how the journal brings it back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import date, datetime

from msgspec.structs import replace

from core.clock import trading_day
from core.domain.account import Account
from core.domain.alerts import PriceAlert, Severity
from core.domain.authority import Authority
from core.domain.budgets import RiskFigures
from core.domain.connection import Connection
from core.domain.entries import Entry
from core.domain.events import Health, Incident, TradingState
from core.domain.instruments import Instrument
from core.domain.limit_table import LimitTable
from core.domain.orders import Order, OrderState
from core.domain.positions import Position
from core.domain.trading import HALTING, Block, Cause
from core.domain.transitions import Trigger, transition
from core.execution.alert_book import AlertBook
from core.execution.book import OrderBook
from core.execution.day_usage import DayUsage
from core.execution.holdings import Holdings
from core.execution.limit_record import LimitRecord
from core.execution.protection import Guarded
from core.execution.recorded import INCIDENTS_SHOWN, Recorded, without_ended_days
from core.execution.unseen_fills import UnseenFills


class DeskState:
    """The state behind every snapshot. Only the execution service writes to it."""

    def __init__(self, connection: Connection) -> None:
        """`connection` is the profile's, closed."""
        self.connection = connection
        self.blocks: dict[Cause, Block] = {}
        """What keeps orders back; only `halting.Halting` changes it."""
        self.loss_unknown = ""
        """Why nobody knows whether the day's loss has reached its limit; empty if it is known, or without a limit."""
        self.limits = LimitTable({})
        """What is in force now; only its keeper changes it."""
        self.limit_record = LimitRecord()
        """The same as recorded, and the changes that wait."""
        self.presets: dict[str, tuple[str, ...]] = {}
        """Sizes 1 to 4 by symbol, or `default`, as the risk file has them."""
        self.instruments: dict[int, Instrument] = {}
        self.sketched: set[int] = set()
        """Contracts known only from messages about orders and positions: their ticks and sizes are guesses."""
        self.watchlist: tuple[int, ...] = ()
        self.authority = Authority()
        """Who is armed, and who was granted live trading; only `authority.AuthorityKeeper` changes it."""
        self.book = OrderBook()
        self.positions: dict[tuple[str, int], Position] | None = None
        self._incoming: dict[tuple[str, int], Position] | None = None
        self.unseen_fills = UnseenFills()
        self.holdings = Holdings()
        self.accounts: dict[str, Account] = {}
        self.incidents: deque[Incident] = deque(maxlen=INCIDENTS_SHOWN)
        self.health = Health()
        self.highest_order_id = 0
        self.used_refs: set[str] = set()
        """Every order reference that an order of ours ever stood for, those of earlier days too."""
        self.tail_lost = ""
        """What the journal lost at its end, in words, until the trader has accepted it; empty if nothing."""
        self.usage = DayUsage()
        """What the trading day has used."""
        self.risk: dict[str, RiskFigures] = {}
        """How far the limits of each account are used, as it was reckoned last."""
        self.alerts = AlertBook()
        self.bell: Severity | None = None
        """From which severity of an alert on desks ring their bell; None for never."""
        self.price_alerts: tuple[PriceAlert, ...] = ()
        """Those that wait, oldest first."""
        self.highest_price_alert = 0
        self.guarded = Guarded()
        """Positions that have had a stop of ours."""
        self._number = 0
        self._number_day: date | None = None

    @property
    def trading_state(self) -> TradingState:
        """Which orders are let through."""
        if not self.blocks:
            return TradingState.ACTIVE
        return TradingState.HALTED if any(cause in HALTING for cause in self.blocks) else TradingState.REDUCING

    @property
    def only_killed(self) -> bool:
        """True while KILL halts trading, and nothing else does."""
        return [cause for cause in self.blocks if cause in HALTING] == [Cause.KILL]

    @property
    def trading_reason(self) -> str:
        """Why, the severest first; empty while all orders are let through."""
        halted = self.trading_state is TradingState.HALTED
        shown = (self.blocks[cause] for cause in Cause if cause in self.blocks and (cause in HALTING or not halted))
        return " ".join(block.reason for block in shown)

    def begin_positions(self) -> None:
        """From now on positions are collected afresh; the old ones stay visible until `finish_positions`."""
        self._incoming = {}
        self.unseen_fills.begin_reading()

    def finish_positions(self) -> None:
        """The broker has named every position: what was collected is what is held."""
        if self._incoming is not None:
            self.positions, self._incoming = self._incoming, None
            self.unseen_fills.finish_reading()

    def abandon_positions(self) -> None:
        """The collecting was cut short: the old ones stay."""
        self._incoming = None
        self.unseen_fills.abandon_reading()

    def hold(self, position: Position) -> bool:
        """Take one position; True if what desks see changed by it."""
        key = position.account, position.con_id
        if self._incoming is not None:
            self._incoming[key] = position
            return False
        if self.positions is None or self.positions.get(key) == position:
            return False
        self.positions[key] = position
        return True

    def sketch(self, instrument: Instrument) -> None:
        """Keep an instrument as a message describes it, unless it is known."""
        if instrument.con_id not in self.instruments:
            self.instruments[instrument.con_id] = instrument
            self.sketched.add(instrument.con_id)

    def all_positions(self) -> tuple[Position, ...] | None:
        """Every position; None while they are unknown."""
        return None if self.positions is None else tuple(self.positions.values())

    def held(self, account: str, con_id: int) -> Position | None:
        """What is held of an instrument; None when nothing ever was, or nothing is known."""
        return (self.positions or {}).get((account, con_id))

    def admit(self, order: Order) -> None:
        """Take an order in; if it is ours, its reference and its id are never given out again."""
        self.book.put(order)
        if not order.external:
            self.used_refs.add(order.order_ref)
            self.highest_order_id = max(self.highest_order_id, order.order_id)

    def next_number(self, now: datetime) -> int:
        """The day's next short number for an order: they begin at 1 with each trading day."""
        day = trading_day(now)
        if day != self._number_day:
            self._number_day, self._number = day, 0
        self._number += 1
        return self._number

    def replay(self, entries: Iterable[Entry], now: datetime) -> None:
        """Fold a whole journal in, oldest first, as `adopt` takes it."""
        recorded = Recorded()
        for entry in entries:
            recorded.apply(entry)
        self.adopt(recorded, now)

    def adopt(self, recorded: Recorded, now: datetime) -> None:
        """Begin where the journal ends, `now`; shares nothing with `recorded` that either may change."""
        self.book = without_ended_days(recorded.book, now)
        self.instruments = dict(recorded.instruments)
        self.limit_record = recorded.limits.copy()
        self.watchlist = recorded.watchlist
        self.incidents = recorded.incidents.copy()
        self.used_refs = set(recorded.used_refs)
        self.highest_order_id = recorded.highest_order_id
        self._number, self._number_day = recorded.number, recorded.number_day
        self.tail_lost = recorded.tail_lost
        self.holdings = recorded.holdings.copy()
        self.blocks = {block.cause: block for block in recorded.blocks}
        self.usage = recorded.usage.copy()
        self.alerts = recorded.alerts.copy()
        self.price_alerts = recorded.price_alerts
        self.highest_price_alert = recorded.highest_price_alert
        self.guarded = Guarded(recorded.guarded.recorded())

    def in_flight(self) -> list[Order]:
        """Orders of ours whose outcome hangs on an answer of the broker."""
        flying = (OrderState.INTENT, OrderState.SENT)
        return [order for order in self.book.live() if order.state in flying and not order.external]


def lose_touch(order: Order, now: datetime, note: str) -> Order:
    """The order once nothing can be heard of it: UNKNOWN, with the reason, unless it has ended."""
    if not order.is_live:
        return order
    state = transition(order.state, Trigger.LOST_TOUCH) or order.state
    if state is order.state:
        # The age of a doubt counts from its beginning, however often it is confirmed.
        return replace(order, note=note, code=None)
    return replace(order, state=state, changed=now, checks=0, note=note, code=None)
