"""Journal rows to the audit log's lines: a pure fold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from msgspec.structs import replace

from core.clock import trading_day
from core.domain.entries import (
    CancelAsked,
    Entry,
    FactRecorded,
    InstrumentKnown,
    Intent,
    ModifyIntent,
    Refused,
    Settled,
)
from core.domain.events import ExecutionAdded, OrderChanged
from core.domain.executions import Execution
from core.domain.fills import filled_so_far, own_fills
from core.domain.order_status import OrderStatus
from core.domain.orders import Order, OrderState, Pending, terms_of
from core.execution.recorded import DAYS_KEPT
from core.records.audit_lines import AuditEvent, AuditLine, line_of, line_of_request

_EVENTS = {
    OrderState.CANCELLED: AuditEvent.CANCELLATION,
    OrderState.EXPIRED: AuditEvent.CANCELLATION,
    OrderState.REJECTED: AuditEvent.ERROR,
    OrderState.DENIED: AuditEvent.ERROR,
    OrderState.PRESUMED_NOT_PLACED: AuditEvent.ERROR,
}
"""What kind of line tells of a state; of every other one it is a STATUS_CHANGE."""
_NOT_SEEN_LEAVING = frozenset(
    {OrderState.INTENT, OrderState.DENIED, OrderState.UNKNOWN, OrderState.PRESUMED_NOT_PLACED}
)
"""Of an order whose outcome was never known nobody knows that it left."""


class AuditFold:
    """Takes the journal's rows in, in order, and gives the lines of each."""

    def __init__(self, instance: str) -> None:
        """`instance` is the journal's; it starts before its first row."""
        self._instance = instance
        self._orders: dict[str, Order] = {}
        self._labels: dict[int, str] = {}
        self._submitted: dict[str, str] = {}
        """When each order that has left was taken, as the journal spells it."""
        self._executions: dict[str, Execution] = {}
        """The latest revision of each fill, by stem."""
        self._of_order: dict[str, dict[str, Execution]] = {}
        """The same by order."""
        self._refused: set[str] = set()

    def recall(self, entries: Iterable[Entry]) -> None:
        """Learn what is known of orders before the first row, from a summary or from rows: it gives no lines."""
        for entry in entries:
            match entry:
                case InstrumentKnown(instrument=instrument):
                    self._labels[instrument.con_id] = instrument.label
                case Refused(request=request):
                    self._refused.add(request.order_ref)
                case CancelAsked(order_ref=order_ref) if (known := self._orders.get(order_ref)) and known.is_live:
                    self._orders[order_ref] = replace(known, pending=Pending.CANCEL)
                case FactRecorded(fact=OrderChanged(order=order)) | Intent(order=order) | ModifyIntent(order=order):
                    self._refused.discard(order.order_ref)
                    self._orders[order.order_ref] = order
                    if order.state not in _NOT_SEEN_LEAVING:
                        self._submitted[order.order_ref] = _taken(order)
                case FactRecorded(fact=ExecutionAdded(execution=execution)):
                    self._keep(execution)

    def forget(self, before: date) -> None:
        """Keep no order that had ended days before this one."""
        oldest = before - DAYS_KEPT
        for ref, order in list(self._orders.items()):
            if not order.is_live and trading_day(order.changed) < oldest:
                del self._orders[ref]
                self._submitted.pop(ref, None)
                for stem in self._of_order.pop(ref, {}):
                    self._executions.pop(stem, None)

    def apply(self, sequence: int, timestamp: str, entry: Entry) -> list[AuditLine]:
        """Take one more row in: its number, its time as the journal spells it, what it says; returns its lines."""
        lines = list(self._lines(sequence, timestamp, entry))
        for line in lines:
            line.instance = self._instance
            line.submission_time = self._submitted.get(line.order_ref)
        return lines

    def _lines(self, sequence: int, timestamp: str, entry: Entry) -> Iterator[AuditLine]:
        match entry:
            case FactRecorded(fact=OrderChanged(order=order)) | ModifyIntent(order=order):
                yield from self._changed(order, timestamp, sequence)
            case FactRecorded(fact=ExecutionAdded(execution=execution)):
                yield from self._executed(execution, timestamp, sequence)
            case Intent(order=order):
                if order.order_ref in self._refused:
                    self._refused.discard(order.order_ref)
                    yield line_of(order, AuditEvent.RETRY, timestamp, sequence)
                self._orders[order.order_ref] = order
                yield line_of(order, AuditEvent.STATUS_CHANGE, timestamp, sequence)
            case Refused(request=request, denial=denial):
                label = self._labels.get(request.con_id, "")
                if request.order_ref in self._refused:
                    yield line_of_request(request, label, AuditEvent.RETRY, timestamp, sequence)
                self._refused.add(request.order_ref)
                line = line_of_request(request, label, AuditEvent.ERROR, timestamp, sequence)
                line.code, line.message = denial.code.value, denial.message
                yield line
            case CancelAsked(order_ref=order_ref) | Settled(order_ref=order_ref):
                known = self._orders.get(order_ref)
                if known is not None and isinstance(entry, Settled):
                    line = line_of(known, AuditEvent.STATUS_CHANGE, timestamp, sequence)
                    line.message = f"{entry.verdict}, by the word of {entry.client} after {entry.checks} readings"
                    yield line
                elif known is not None and known.is_live:
                    # The fact that says the same usually stands beside it.
                    yield from self._changed(replace(known, pending=Pending.CANCEL), timestamp, sequence)
            case InstrumentKnown(instrument=instrument):
                self._labels[instrument.con_id] = instrument.label
            case _:
                pass

    def _changed(self, order: Order, timestamp: str, sequence: int) -> Iterator[AuditLine]:
        before = self._orders.get(order.order_ref)
        self._orders[order.order_ref] = order
        if before is not None and _told(before) == _told(order):
            return
        if not order.external and order.state not in _NOT_SEEN_LEAVING and order.order_ref not in self._submitted:
            self._submitted[order.order_ref] = _taken(order)
            yield line_of(order, AuditEvent.SUBMISSION, timestamp, sequence)
            if order.state is OrderState.SENT:
                return
        moved = before is None or before.state is not order.state
        event = _EVENTS.get(order.state, AuditEvent.STATUS_CHANGE) if moved else AuditEvent.STATUS_CHANGE
        yield line_of(order, event, timestamp, sequence)

    def _executed(self, execution: Execution, timestamp: str, sequence: int) -> Iterator[AuditLine]:
        earlier = self._executions.get(execution.stem)
        if earlier is not None and execution.revision < earlier.revision:
            return
        self._keep(execution)
        again = earlier is not None and earlier.exec_id == execution.exec_id
        line = self._line_of_fill(execution, timestamp, sequence)
        if again:
            line.event_type = AuditEvent.STATUS_CHANGE
        else:
            line.fill_quantity, line.fill_price = execution.quantity, execution.price
            if earlier is not None:
                line.message = f"corrects {earlier.quantity:f} @ {earlier.price:f} ({earlier.exec_id})"
        line.exec_id = execution.exec_id
        line.commission, line.commission_currency = execution.commission, execution.commission_currency
        yield line

    def _keep(self, execution: Execution) -> None:
        earlier = self._executions.get(execution.stem)
        if earlier is not None and earlier.order_ref != execution.order_ref:
            self._of_order[earlier.order_ref].pop(execution.stem, None)
        self._executions[execution.stem] = execution
        self._of_order.setdefault(execution.order_ref, {})[execution.stem] = execution

    def _line_of_fill(self, execution: Execution, timestamp: str, sequence: int) -> AuditLine:
        order = self._orders.get(execution.order_ref)
        if order is not None:
            # The row that says what the fill makes of its order follows.
            fills = own_fills(order, self._of_order[order.order_ref].values())
            filled, average = filled_so_far(fills)
            state = OrderState.FILLED if filled >= order.whole else order.state
            order = replace(order, state=state, filled=filled, average_price=average)
            line = line_of(order, AuditEvent.FILL, timestamp, sequence)
            line.symbol = execution.label
            return line
        return AuditLine(
            timestamp=timestamp,
            event_type=AuditEvent.FILL,
            order_id=execution.order_id or None,
            symbol=execution.label,
            action=execution.side.value,
            quantity=None,
            order_type="",
            status=OrderStatus.UNKNOWN,
            submission_time=None,
            order_ref=execution.order_ref,
            sequence=sequence,
            perm_id=execution.perm_id or None,
        )


def _taken(order: Order) -> str:
    return order.created.isoformat(timespec="microseconds")


def _told(order: Order) -> tuple[object, ...]:
    """What a line says of an order beside its fills, which have lines of their own."""
    return order.state, order.pending, order.perm_id, order.note, order.code, terms_of(order)
