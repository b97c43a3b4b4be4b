"""What the journal alone says: its entries folded, oldest first, and folded again from a summary of themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from core.clock import trading_day
from core.domain.alerts import PriceAlert
from core.domain.entries import (
    CancelAsked,
    Carried,
    Entry,
    FactRecorded,
    InstrumentKnown,
    Intent,
    ModifyIntent,
    PositionsRead,
    PriceAlertsSet,
    SessionStarted,
    TailLost,
    TailLostAccepted,
    WatchlistSet,
)
from core.domain.events import AlertChanged, ExecutionAdded, Incident, OrderChanged, TradingState, TradingStateChanged
from core.domain.instruments import Instrument
from core.domain.limit_changes import LimitEntry
from core.domain.orders import Order, Pending
from core.domain.trading import LASTING, Block, Cause
from core.execution.alert_book import AlertBook
from core.execution.book import OrderBook
from core.execution.day_usage import DayUsage
from core.execution.holdings import Holdings
from core.execution.limit_record import LimitRecord
from core.execution.protection import Guarded

INCIDENTS_SHOWN = 100
DAYS_KEPT = timedelta(days=5)
"""For so long an order that has ended is known: IBKR may tell a fill of it late, and weekends have two days."""


class Recorded:
    """The fold of a journal: the same entries give the same state, byte for byte, whenever they are read.

    Days that ended are left behind where a run of core began (`SessionStarted`), by the time in that row alone.
    Implements `core.journal.checkpoint.Fold`.
    """

    def __init__(self) -> None:
        """Starts empty, as the journal does."""
        self.book = OrderBook()
        self.instruments: dict[int, Instrument] = {}
        self.watchlist: tuple[int, ...] = ()
        self.incidents: deque[Incident] = deque(maxlen=INCIDENTS_SHOWN)
        self.used_refs: dict[str, None] = {}
        """Every reference that an order of ours ever stood for, in the order of arrival."""
        self.highest_order_id = 0
        self.number = 0
        """The highest short number of `number_day`."""
        self.number_day: date | None = None
        self.tail_lost = ""
        """What is missing at the end, in words, until the trader has accepted it; empty if nothing is."""
        self.holdings = Holdings()
        self.blocks: tuple[Block, ...] = ()
        """What keeps orders back and lasts longer than a run of core."""
        self.limits = LimitRecord()
        self.usage = DayUsage()
        self.alerts = AlertBook()
        self.price_alerts: tuple[PriceAlert, ...] = ()
        self.highest_price_alert = 0
        """The highest number that any ever had."""
        self.guarded = Guarded()

    def apply(self, entry: Entry) -> None:
        """Take one more entry in."""
        self._fold(entry)
        self.usage.apply(entry)

    def _fold(self, entry: Entry) -> None:
        match entry:
            case Intent(order=order) | ModifyIntent(order=order) | FactRecorded(fact=OrderChanged(order=order)):
                self._admit(order)
            case CancelAsked(order_ref=order_ref):
                self._recall_cancel(order_ref)
            case FactRecorded(fact=ExecutionAdded(execution=execution)):
                before = self.book.latest(execution.stem)
                if self.book.add_execution(execution):
                    self.holdings.filled(before, execution)
                    self.guarded.position((execution.account, execution.con_id), self.holdings)
            case FactRecorded(fact=Incident() as incident):
                self.incidents.append(incident)
            case InstrumentKnown(instrument=instrument):
                self.instruments[instrument.con_id] = instrument
            case WatchlistSet(con_ids=con_ids):
                self.watchlist = con_ids
            case _:
                self._apply_mark(entry)

    def _apply_mark(self, entry: Entry) -> None:
        match entry:
            case SessionStarted(time=time):
                self.book = without_ended_days(self.book, time)
            case FactRecorded(fact=TradingStateChanged() as changed):
                self._block(changed)
            case PositionsRead(held=held, time=time):
                self.holdings.restore(held, time)
                for key in self.guarded:
                    self.guarded.position(key, self.holdings)
            case FactRecorded(fact=AlertChanged(alert=alert)):
                self.alerts.put(alert)
            case PriceAlertsSet(price_alerts=price_alerts, highest=highest):
                self.price_alerts, self.highest_price_alert = price_alerts, highest
            case TailLost(text=text):
                self.tail_lost = text
            case _ if isinstance(entry, LimitEntry):
                self.limits.apply(entry)
            case TailLostAccepted():
                self.tail_lost = ""
            case Carried():
                self.used_refs = dict.fromkeys(entry.used_refs)
                self.highest_order_id = entry.highest_order_id
                self.number, self.number_day = entry.number, entry.number_day
                self.tail_lost, self.blocks = entry.tail_lost, entry.blocks or _incident(entry.reducing)
                self.limits = LimitRecord(entry.limits, entry.limits_waiting)
                self.usage = DayUsage(entry.usage)
                self.alerts.highest, self.guarded = entry.alert_number, Guarded(entry.guarded)
            case _:
                pass

    def entries(self) -> Iterator[Entry]:
        """Entries that, applied to an empty fold, make this state; the same ones for the same state."""
        yield Carried(
            used_refs=tuple(self.used_refs),
            highest_order_id=self.highest_order_id,
            number=self.number,
            number_day=self.number_day,
            tail_lost=self.tail_lost,
            blocks=self.blocks,
            limits=self.limits.said,
            limits_waiting=tuple(self.limits.waiting.values()),
            usage=self.usage.recorded(),
            alert_number=self.alerts.highest,
            guarded=self.guarded.recorded(),
        )
        yield WatchlistSet(con_ids=self.watchlist)
        yield PriceAlertsSet(price_alerts=self.price_alerts, highest=self.highest_price_alert)
        for instrument in self.instruments.values():
            yield InstrumentKnown(instrument=instrument)
        for order in self.book.orders():
            yield FactRecorded(fact=OrderChanged(order=order))
        for execution in self.book.executions():
            yield FactRecorded(fact=ExecutionAdded(execution=execution))
        for incident in self.incidents:
            yield FactRecorded(fact=incident)
        for alert in self.alerts:
            yield FactRecorded(fact=AlertChanged(alert=alert))
        # Behind the executions, which it counts already.
        if self.holdings.since is not None:
            yield PositionsRead(held=self.holdings.recorded(), time=self.holdings.since)

    def _block(self, changed: TradingStateChanged) -> None:
        if changed.blocks:
            self.blocks = tuple(block for block in changed.blocks if block.cause in LASTING)
        elif changed.state is not TradingState.HALTED:
            # Rows without blocks are older: they knew of one cause that lasts.
            self.blocks = _incident(changed.reason)

    def _admit(self, order: Order) -> None:
        self.book.put(order)
        self.guarded.order(order, self.book, self.holdings)
        if not order.external:
            self.used_refs[order.order_ref] = None
            self.highest_order_id = max(self.highest_order_id, order.order_id)
        # No later order of the day gets a number that this one has.
        day = trading_day(order.created)
        if self.number_day is None or day > self.number_day:
            self.number_day, self.number = day, 0
        if day == self.number_day:
            self.number = max(self.number, order.number)

    def _recall_cancel(self, order_ref: str) -> None:
        order = self.book.get(order_ref)
        if order is not None and order.is_live:
            self.book.put(replace(order, pending=Pending.CANCEL))


def _incident(reason: str) -> tuple[Block, ...]:
    return (Block(cause=Cause.INCIDENT, reason=reason),) if reason else ()


def without_ended_days(book: OrderBook, now: datetime) -> OrderBook:
    """A book of its own with our live orders and those of the last trading days; the journal keeps the rest.

    Other clients' orders are learnt afresh from the broker, which alone knows what became of them.
    """
    oldest = trading_day(now) - DAYS_KEPT
    kept = OrderBook()
    for order in book.orders():
        if not order.external and (order.is_live or trading_day(order.changed) > oldest):
            kept.put(order)
    for execution in book.executions():
        if kept.get(execution.order_ref) is not None or trading_day(execution.time) > oldest:
            kept.add_execution(execution)
    return kept
