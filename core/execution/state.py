"""Everything that core knows, in one place, and how the journal brings it back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import date, datetime

from msgspec.structs import replace

from core.clock import trading_day
from core.domain.account import Account
from core.domain.connection import Connection
from core.domain.entries import (
    CancelAsked,
    Entry,
    FactRecorded,
    InstrumentKnown,
    Intent,
    ModifyIntent,
    WatchlistSet,
)
from core.domain.events import ExecutionAdded, Health, Incident, OrderChanged, TradingState
from core.domain.instruments import Instrument
from core.domain.orders import Order, OrderState, Pending
from core.domain.positions import Position
from core.domain.transitions import Trigger, transition
from core.execution.book import OrderBook
from core.execution.unseen_fills import UnseenFills

INCIDENTS_SHOWN = 100


class DeskState:
    """The state behind every snapshot. Only the execution service writes to it."""

    def __init__(self, connection: Connection) -> None:
        """`connection` is the profile's, closed."""
        self.connection = connection
        self.trading_state = TradingState.ACTIVE
        self.trading_reason = ""
        self.instruments: dict[int, Instrument] = {}
        self.sketched: set[int] = set()
        """Contracts known only from messages about orders and positions: their ticks and sizes are guesses."""
        self.watchlist: tuple[int, ...] = ()
        self.book = OrderBook()
        self.positions: dict[tuple[str, int], Position] | None = None
        self._incoming: dict[tuple[str, int], Position] | None = None
        self.unseen_fills = UnseenFills()
        self.accounts: dict[str, Account] = {}
        self.incidents: deque[Incident] = deque(maxlen=INCIDENTS_SHOWN)
        self.health = Health()
        self.highest_order_id = 0
        self.used_refs: set[str] = set()
        """Every order reference that an order of ours ever stood for, those of earlier days too."""
        self._number = 0
        self._number_day: date | None = None

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
        """Fold the journal in, oldest first. What was in flight comes back as UNKNOWN: nothing is known of it now."""
        for entry in entries:
            match entry:
                case Intent(order=order):
                    self.admit(order)
                    self._count(order)
                case ModifyIntent(order=order):
                    self.book.put(order)
                case CancelAsked(order_ref=order_ref):
                    self._recall_cancel(order_ref)
                case FactRecorded(fact=OrderChanged(order=order)):
                    self.admit(order)
                    self._count(order)
                case FactRecorded(fact=ExecutionAdded(execution=execution)):
                    self.book.add_execution(execution)
                case FactRecorded(fact=Incident() as incident):
                    self.incidents.append(incident)
                case InstrumentKnown(instrument=instrument):
                    self.instruments[instrument.con_id] = instrument
                case WatchlistSet(con_ids=con_ids):
                    self.watchlist = con_ids
                case _:
                    pass
        self._drop_ended_days(now)

    def _count(self, order: Order) -> None:
        """No later order of the day gets a number that `order` has."""
        day = trading_day(order.created)
        if self._number_day is None or day > self._number_day:
            self._number_day, self._number = day, 0
        if day == self._number_day:
            self._number = max(self._number, order.number)

    def _recall_cancel(self, order_ref: str) -> None:
        order = self.book.get(order_ref)
        if order is not None and order.is_live:
            self.book.put(replace(order, pending=Pending.CANCEL))

    def _drop_ended_days(self, now: datetime) -> None:
        """Keep live orders and the present trading day; the journal keeps the rest."""
        today = trading_day(now)
        kept = OrderBook()
        for order in self.book.orders():
            # Other clients' orders are learnt afresh from the broker, which alone knows what became of them.
            if not order.external and (order.is_live or trading_day(order.changed) == today):
                kept.put(order)
        for execution in self.book.executions():
            if kept.get(execution.order_ref) is not None or trading_day(execution.time) == today:
                kept.add_execution(execution)
        self.book = kept

    def in_flight(self) -> list[Order]:
        """Orders of ours whose outcome hangs on an answer of the broker."""
        flying = (OrderState.INTENT, OrderState.SENT)
        return [order for order in self.book.live() if order.state in flying and not order.external]


def lose_touch(order: Order, now: datetime, note: str) -> Order:
    """The order once nothing can be heard of it: UNKNOWN, with the reason, unless it has ended."""
    if not order.is_live:
        return order
    state = transition(order.state, Trigger.LOST_TOUCH) or order.state
    # The age of a doubt counts from its beginning, however often it is confirmed.
    changed = order.changed if state is order.state else now
    return replace(order, state=state, changed=changed, note=note, code=None)
