"""Journal rows to ledger rows: a pure fold, so that a ledger that grew with them and one made anew are equal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

from core.clock import trading_day, trading_day_span
from core.domain.costs import slippage_bps
from core.domain.entries import Carried, Entry, FactRecorded, InstrumentKnown, Intent, ModifyIntent, Refused
from core.domain.events import ExecutionAdded, OrderChanged
from core.domain.executions import Execution
from core.domain.fills import filled_so_far, is_leg, own_fills
from core.domain.instruments import Instrument
from core.domain.orders import Order, OrderState
from core.execution.recorded import DAYS_KEPT
from core.records.ledger_rows import LedgerEvent, LedgerRow, OrderPart, part_of, part_of_request

_HELD_BY_BROKER = frozenset({OrderState.WORKING, OrderState.HELD})
_ENDED = {
    OrderState.CANCELLED: (LedgerEvent.CANCEL, ""),
    OrderState.EXPIRED: (LedgerEvent.CANCEL, "expired"),
    OrderState.PRESUMED_NOT_PLACED: (LedgerEvent.CANCEL, "presumed not placed, by a person's word"),
    OrderState.REJECTED: (LedgerEvent.REJ, ""),
    OrderState.DENIED: (LedgerEvent.REJ, "not sent"),
}
_REFUSED = frozenset({OrderState.REJECTED, OrderState.DENIED})


class _Place(NamedTuple):
    """A row, and where it is."""

    row: LedgerRow
    day: date
    at: int


class _Known:
    """What the fold remembers of one order."""

    __slots__ = ("acked", "closed_on", "executions", "order", "part", "snapshot")

    def __init__(self, order: Order | None) -> None:
        self.order = order
        self.part: OrderPart | None = None
        self.acked = False
        self.executions: dict[str, Execution] = {}
        """The latest revision of each, by stem."""
        self.snapshot: _Place | None = None
        self.closed_on: date | None = None
        """The day of its snapshot, where that came before the first row."""

    def own_fills(self) -> list[Execution]:
        """The fills that count for the order."""
        return own_fills(self.order, self.executions.values())

    def filled(self) -> tuple[Decimal, Decimal | None]:
        """Units filled, and their average price."""
        return filled_so_far(self.own_fills())


class LedgerFold:
    """Takes the journal's rows in, in order, and keeps the ledger's rows by trading day."""

    def __init__(self) -> None:
        """Starts before the journal's first row."""
        self._rows: dict[date, list[LedgerRow]] = {}
        self._unsummed: dict[str, _Known] = {}
        """Orders whose snapshot does not say yet what holds."""
        self.touched: dict[date, int] = {}
        """Days of which a row came or changed, each with the first such row; whoever writes them takes them out."""
        self._instruments: dict[int, Instrument] = {}
        self._orders: dict[str, _Known] = {}
        self._executions: dict[str, Execution] = {}
        """The latest revision of each fill, by stem."""
        self._fills: dict[str, _Place] = {}
        """The row of each fill, by stem; without those of before the first row."""
        self._day = date.min
        self._begin = self._end = ""
        self._todays: list[LedgerRow] = []
        """The rows of `_day`, which goes from `_begin` to `_end`."""

    def recall(self, entries: Iterable[Entry]) -> None:
        """Learn what is known of orders before the first row, from a summary or from the journal: it makes no rows."""
        for entry in entries:
            match entry:
                case InstrumentKnown(instrument=instrument):
                    self._instruments[instrument.con_id] = instrument
                case FactRecorded(fact=OrderChanged(order=order)) | Intent(order=order) | ModifyIntent(order=order):
                    known = self._orders.setdefault(order.order_ref, _Known(order))
                    known.order = order
                    known.acked |= _shown(order) and order.state not in _REFUSED
                case FactRecorded(fact=ExecutionAdded(execution=execution)):
                    stem = execution.stem
                    known = self._keep(execution, stem, self._executions.get(stem))
                    known.acked = True
        for known in self._orders.values():
            if known.executions and known.order is not None and not known.order.is_live:
                known.closed_on = trading_day(known.order.changed)

    @property
    def rows(self) -> dict[date, list[LedgerRow]]:
        """In order, by the trading day of their timestamp."""
        for known in self._unsummed.values():
            if known.snapshot is not None:
                _sum_up(known, known.snapshot.row)
        self._unsummed.clear()
        return self._rows

    def apply(self, sequence: int, timestamp: str, entry: Entry) -> None:
        """Take one more row in: its number, its time as the journal spells it, what it says."""
        if type(entry) is FactRecorded:
            # Nearly all rows that matter.
            fact = entry.fact
            if type(fact) is OrderChanged:
                self._changed(sequence, timestamp, fact.order)
            elif type(fact) is ExecutionAdded:
                self._executed(sequence, timestamp, fact.execution)
            return
        match entry:
            case Intent(order=order):
                known = self._orders[order.order_ref] = _Known(order)
                self._add(LedgerRow(sequence, timestamp, LedgerEvent.INTENT, self._part(known, order)))
            case ModifyIntent(order=order):
                self._changed(sequence, timestamp, order)
            case Refused(request=request, denial=denial):
                part = part_of_request(request, self._instruments.get(request.con_id))
                reason = f"{denial.code}: {denial.message}"
                self._add(LedgerRow(sequence, timestamp, LedgerEvent.REJ, part, reason))
            case InstrumentKnown(instrument=instrument):
                self._instruments[instrument.con_id] = instrument
            case Carried():
                raise ValueError("a summary is no row: recall it")
            case _:
                pass

    def forget(self, before: date) -> None:
        """Keep no row of a day before this one, for they are written, and no order that had ended days before it."""
        for day in [day for day in self.rows if day < before]:
            del self._rows[day]
        self._begin = self._end = ""
        oldest = before - DAYS_KEPT
        for ref, known in list(self._orders.items()):
            if known.order is not None and not known.order.is_live and trading_day(known.order.changed) < oldest:
                del self._orders[ref]
                for stem in known.executions:
                    self._executions.pop(stem, None)
                    self._fills.pop(stem, None)

    def _touch(self, day: date, index: int = 0) -> None:
        if index <= self.touched.get(day, index):
            self.touched[day] = index

    def _add(self, row: LedgerRow) -> int:
        """Put a row behind the others of its day, `_day` from now on; returns its place there."""
        if not self._begin <= row.timestamp < self._end:
            self._day = trading_day(datetime.fromisoformat(row.timestamp))
            self._begin, self._end = (_spelt(moment) for moment in trading_day_span(self._day))
            self._todays = self._rows.setdefault(self._day, [])
        place = len(self._todays)
        self._todays.append(row)
        if self._day not in self.touched:
            self.touched[self._day] = place
        return place

    def _changed(self, sequence: int, timestamp: str, order: Order) -> None:
        known = self._orders.get(order.order_ref)
        if known is None:
            known = self._orders[order.order_ref] = _Known(None)
        before, known.order = known.order, order
        known.part = _carried_on(known.part, before, order)
        if order.external:
            return
        if not known.acked and order.state not in _REFUSED and _shown(order):
            self._acknowledged(sequence, timestamp, known, order)
        ended = _ENDED.get(order.state)
        if ended is not None and (before is None or before.state is not order.state):
            event, word = ended
            reason = "; ".join(filter(None, [word, _noted(order)])) or None
            row = LedgerRow(sequence, timestamp, event, self._part(known, order), reason)
            row.filled, row.avg_price = known.filled()
            self._add(row)
            self._snapshot(sequence, timestamp, known, order)

    def _acknowledged(self, sequence: int, timestamp: str, known: _Known, order: Order) -> None:
        known.acked = True
        self._add(LedgerRow(sequence, timestamp, LedgerEvent.ACK, self._part(known, order)))

    def _executed(self, sequence: int, timestamp: str, execution: Execution) -> None:
        stem = execution.stem
        earlier = self._executions.get(stem)
        if earlier is not None and execution.revision < earlier.revision:
            return
        known = self._keep(execution, stem, earlier)
        if earlier is not None:
            self._revised(known, stem, earlier, execution)
            return
        order, leg = known.order, is_leg(known.order, execution)
        if order is not None and not order.external and not known.acked:
            self._acknowledged(sequence, timestamp, known, order)
        part = self._part_of_fill(known, execution) if leg or order is None else self._part(known, order)
        row = LedgerRow(sequence, timestamp, LedgerEvent.PARTIAL, part)
        row.exec_time = _spelt(execution.time)
        _take(row, execution)
        place = self._add(row)
        self._fills[stem] = _Place(row, self._day, place)
        if leg:
            row.reason = "leg of a combination"
            return
        row.filled, row.avg_price = known.filled()
        complete = order is not None and row.filled >= order.whole
        if complete:
            row.event = LedgerEvent.FILL
        if order is not None and (complete or not order.is_live):
            self._snapshot(sequence, timestamp, known, order)

    def _keep(self, execution: Execution, stem: str, earlier: Execution | None) -> _Known:
        """Take a fill or a revision of one in; returns its order. It may have had none, or another one, before."""
        key = execution.order_ref or _key(execution)
        known = self._orders.get(key)
        if known is None:
            known = self._orders[key] = _Known(None)
        if earlier is not None and earlier.order_ref != execution.order_ref:
            self._orders[_key(earlier)].executions.pop(stem, None)
        self._executions[stem] = known.executions[stem] = execution
        return known

    def _revised(self, known: _Known, stem: str, earlier: Execution, execution: Execution) -> None:
        """A correction of a fill, its costs, or whose it is: the row of that fill says what holds now."""
        place = self._fills.get(stem)
        if place is None:
            self._touch(trading_day(execution.time))
        else:
            row = place.row
            if execution.exec_id != earlier.exec_id:
                was = f"corrected, was {earlier.quantity:f} @ {earlier.price:f} ({earlier.exec_id})"
                row.reason = "; ".join(filter(None, [row.reason, was]))
            if execution.order_ref != earlier.order_ref:
                row.order = self._part_of_fill(known, execution)
            _take(row, execution)
            self._touch(place.day, place.at)
        self._sum_up(known)

    def _snapshot(self, sequence: int, timestamp: str, known: _Known, order: Order) -> None:
        """One for an order, from the moment at which nothing of it is open any more."""
        if order.external or order.arrival_price is None or not known.executions:
            return
        if known.snapshot is None and known.closed_on is None:
            row = LedgerRow(sequence, timestamp, LedgerEvent.PNL_SNAPSHOT, self._part(known, order))
            place = self._add(row)
            known.snapshot = _Place(row, self._day, place)
        self._sum_up(known)

    def _sum_up(self, known: _Known) -> None:
        """Its snapshot, if there is one, is to say what its fills come to now."""
        if known.closed_on is not None:
            self._touch(known.closed_on)
        elif known.snapshot is not None and known.order is not None and known.order.order_ref not in self._unsummed:
            self._unsummed[known.order.order_ref] = known
            self._touch(known.snapshot.day, known.snapshot.at)

    def _part(self, known: _Known, order: Order) -> OrderPart:
        if known.part is None:
            known.part = part_of(order, self._instruments.get(order.con_id))
        return known.part

    def _part_of_fill(self, known: _Known, fill: Execution) -> OrderPart:
        """Of the order, but of the instrument that was traded; only what the fill says where nobody knows the order."""
        if known.order is not None and not is_leg(known.order, fill):
            return self._part(known, known.order)
        instrument = self._instruments.get(fill.con_id)
        part = _UNKNOWN if known.order is None else part_of(known.order, instrument)
        return part._replace(
            order_ref=fill.order_ref,
            order_id=fill.order_id or None,
            perm_id=fill.perm_id or None,
            account=fill.account,
            symbol=fill.label if instrument is None else instrument.symbol,
            con_id=fill.con_id,
            sec_type=None if instrument is None else instrument.sec_type,
            currency=None if instrument is None else instrument.currency,
            side=fill.side,
        )


_UNKNOWN = OrderPart()


def _carried_on(part: OrderPart | None, before: Order | None, order: Order) -> OrderPart | None:
    """The columns of an order as they were, where only its ids have changed; None where they must be made anew."""
    if part is None or before is None:
        return None
    if (
        order.quantity != before.quantity
        or order.limit_price != before.limit_price
        or order.stop_price != before.stop_price
        or order.type_text != before.type_text
        or order.tif is not before.tif
    ):
        return None
    if order.perm_id == before.perm_id and order.order_id == before.order_id:
        return part
    return part._replace(order_id=order.order_id or None, perm_id=order.perm_id)


def _shown(order: Order) -> bool:
    """Whether the broker has shown that it has the order."""
    return order.perm_id is not None or order.state in _HELD_BY_BROKER


def _key(execution: Execution) -> str:
    return execution.order_ref or f"ext-{execution.perm_id}"


def _noted(order: Order) -> str:
    code = "" if order.code is None or f"[{order.code}]" in order.note else f"[{order.code}]"
    return " ".join(filter(None, [order.note, code]))


def _take(row: LedgerRow, execution: Execution) -> None:
    row.exec_id = execution.exec_id
    row.fill_quantity, row.fill_price = execution.quantity, execution.price
    row.commission, row.commission_currency = execution.commission, execution.commission_currency or None
    row.pnl = execution.realized_pnl


def _sum_up(known: _Known, row: LedgerRow) -> None:
    """Say in a snapshot what all fills of its order come to."""
    fills = known.own_fills()
    row.filled, row.avg_price = filled_so_far(fills)
    order, average = known.order, row.avg_price
    row.slippage_bps = None if order is None or average is None else slippage_bps(order, average)
    if len(fills) == 1:
        fill = fills[0]
        row.commission, row.commission_currency = fill.commission, fill.commission_currency or None
        row.pnl = fill.realized_pnl
        return
    fees = [fill.commission for fill in fills if fill.commission is not None]
    row.commission = sum(fees[1:], fees[0]) if fees else None
    row.commission_currency = next((fill.commission_currency for fill in fills if fill.commission_currency), None)
    profits = [fill.realized_pnl for fill in fills if fill.realized_pnl is not None]
    row.pnl = sum(profits[1:], profits[0]) if profits else None


def _spelt(moment: datetime) -> str:
    """A moment as the journal spells it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
