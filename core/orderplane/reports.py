"""From core's facts to reports: the same facts make the same reports, in whatever process."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from decimal import Context, Decimal
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from core.domain.events import ExecutionAdded, Fact, OrderChanged
from core.domain.executions import Execution
from core.domain.orders import Order, Side
from core.domain.published import PublishedStatus, published_status
from core.domain.stages import Stages
from core.orderplane.contracts import (
    ExecutionReport,
    IntentError,
    LatencyMetrics,
    OrderIntent,
    identity_in,
    read_intent,
)
from core.orderplane.notes import Note, intent_of, order_ref_of, read_note, report_id_of

_DIGITS = Context(prec=15)
_PLACES = Decimal("1e-8")
_LEAST = -8
"""As many digits and places as a report's numbers may have."""
log = logging.getLogger(__name__)


class Shown(Struct, frozen=True, kw_only=True):
    """What reports say of an order; another one makes a report."""

    status: PublishedStatus
    quantity: Decimal
    filled: Decimal
    average: Decimal | None
    perm_id: int | None
    reason: str
    commission: Decimal | None = None
    currency: str = ""


class Track(Struct, frozen=True, kw_only=True):
    """What is remembered of an order from one fact to the next."""

    intent_id: str
    symbol: str
    strategy: str
    side: Side
    requested: Decimal | None
    """None where the bus has lost the intent."""
    scaled: str
    decided: datetime | None
    """The intent's own timestamp; None where the bus has lost it."""
    stages: Stages = Stages()
    changed: datetime
    commissions: dict[str, tuple[int, Decimal, str]] = {}
    """By stem of the execution: its latest revision, the amount and its currency."""
    shown: Shown | None = None
    """None before the first report."""


class Report(Struct, frozen=True):
    """One report on its way."""

    number: int
    """Of the fact."""
    body: bytes


class Reporting:
    """Takes facts in their order and makes reports of those about orders that came from intents."""

    def __init__(self, instance: str, tracks: Mapping[str, bytes]) -> None:
        """`tracks` is what an earlier process remembered; what can't be read of it is left out."""
        self._instance = instance
        read = {order_ref: _read_track(track) for order_ref, track in tracks.items()}
        self._tracks = {order_ref: track for order_ref, track in read.items() if track is not None}
        self._changed: set[str] = set()

    def wanted(self, fact: Fact) -> str:
        """The intent whose note `take` needs for this fact; empty if it needs none."""
        if isinstance(fact, OrderChanged) and fact.order.order_ref not in self._tracks and fact.order.tag:
            return intent_of(self._instance, fact.order)
        return ""

    def knows(self, order_ref: str) -> bool:
        """True if core has said something of the order."""
        return order_ref in self._tracks

    def take(self, number: int, fact: Fact, notes: Mapping[str, bytes | None]) -> Report | None:
        """The report of one fact; None if it makes none. `notes` are those of `wanted`, None where they are lost."""
        match fact:
            case OrderChanged(order=order):
                track = self._tracks.get(order.order_ref) or self._begun(order, notes)
                return None if track is None else self._moved(number, track, order)
            case ExecutionAdded(execution=execution) if execution.order_ref in self._tracks:
                return self._charged(number, self._tracks[execution.order_ref], execution)
            case _:
                return None

    def changed(self) -> dict[str, bytes | None]:
        """What has to be remembered since the last call, by order; None for what may be forgotten."""
        found = {ref: self._tracks.get(ref) for ref in sorted(self._changed)}
        self._changed.clear()
        return {ref: None if track is None else msgspec.json.encode(track) for ref, track in found.items()}

    def forget(self, before: datetime) -> None:
        """Forget orders that ended earlier than that. A fill that comes later still is reported, by itself."""
        for order_ref, track in list(self._tracks.items()):
            if track.shown is not None and track.shown.status.final and track.changed < before:
                del self._tracks[order_ref]
                self._changed.add(order_ref)

    def everything(self) -> dict[str, bytes | None]:
        """All that is remembered, by order."""
        self._changed.update(self._tracks)
        return self.changed()

    def _begun(self, order: Order, notes: Mapping[str, bytes | None]) -> Track | None:
        intent_id = intent_of(self._instance, order)
        if not intent_id:
            return None
        note, intent = _noted(notes.get(intent_id))
        return Track(
            intent_id=intent_id,
            symbol=order.label if intent is None else intent.symbol,
            strategy=order.strategy,
            side=order.side,
            requested=None if intent is None else intent.quantity,
            scaled="" if note is None else note.scaled,
            decided=None if intent is None else intent.timestamp,
            changed=order.changed,
        )

    def _moved(self, number: int, track: Track, order: Order) -> Report | None:
        status = published_status(order)
        refused = status in {PublishedStatus.REJECTED, PublishedStatus.CANCELED, PublishedStatus.ERROR}
        code = f"{order.code}: " if order.code is not None else ""
        shown = Shown(
            status=status,
            quantity=_rounded(order.quantity),
            filled=_rounded(order.filled),
            average=None if order.average_price is None else _rounded(order.average_price),
            perm_id=order.perm_id,
            reason=f"{code}{order.note}" if refused and order.note else "",
            commission=None if track.shown is None else track.shown.commission,
            currency="" if track.shown is None else track.shown.currency,
        )
        moved = replace(track, changed=order.changed, stages=track.stages.after(order))
        return self._told(number, moved, order.order_ref, shown)

    def _charged(self, number: int, track: Track, execution: Execution) -> Report | None:
        known = track.commissions.get(execution.stem)
        if execution.commission is None or track.shown is None or (known and execution.revision < known[0]):
            return None
        charge = execution.revision, execution.commission, execution.commission_currency
        charges = {**track.commissions, execution.stem: charge}
        currencies = {currency for _, _, currency in charges.values()}
        # What was charged in several currencies has no sum.
        total = sum((amount for _, amount, _ in charges.values()), Decimal(0)) if len(currencies) == 1 else None
        shown = replace(
            track.shown,
            commission=None if total is None else _rounded(total),
            currency="" if total is None else currencies.pop(),
        )
        return self._told(number, replace(track, commissions=charges), execution.order_ref, shown)

    def _told(self, number: int, track: Track, order_ref: str, shown: Shown) -> Report | None:
        told = track.shown != shown
        self._tracks[order_ref] = track = replace(track, shown=shown)
        self._changed.add(order_ref)
        if not told:
            return None
        report = ExecutionReport(
            report_id=report_id_of(self._instance, order_ref, f"{number}/{shown.status}/{shown.filled:f}"),
            intent_id=UUID(track.intent_id),
            order_id=None if shown.perm_id is None else f"IBKR_{shown.perm_id}",
            order_ref=order_ref,
            symbol=track.symbol,
            strategy_id=track.strategy,
            direction=track.side,
            status=shown.status,
            quantity=shown.quantity,
            requested_quantity=track.requested,
            scaled=track.scaled or None,
            filled_quantity=shown.filled,
            average_fill_price=shown.average,
            commission=shown.commission,
            commission_currency=shown.currency or None,
            reject_reason=shown.reason or None,
            timestamp=track.changed,
            sequence=number,
            latency_metrics=_latencies(track),
        )
        return Report(number, report.model_dump_json().encode())


def _noted(body: bytes | None) -> tuple[Note | None, OrderIntent | None]:
    """What is remembered of an intent; None where it is lost, or was written by another version."""
    try:
        note = None if body is None else read_note(body)
        return note, None if note is None else read_intent(note.intent.encode())
    except (msgspec.MsgspecError, IntentError):
        log.exception("what the bus remembers of an intent can't be read")
        return None, None


def _read_track(body: bytes) -> Track | None:
    try:
        return msgspec.json.decode(body, type=Track)
    except msgspec.MsgspecError:
        log.exception("what the bus remembers of an order can't be read")
        return None


def refusal(instance: str, intent: OrderIntent, note: Note, reason: str, now: datetime) -> bytes:
    """The report of an intent that core never recorded; `reason` begins with its code."""
    order_ref = order_ref_of(instance, intent.intent_id)
    report = ExecutionReport(
        report_id=report_id_of(instance, order_ref, "refused"),
        intent_id=intent.intent_id,
        order_id=None,
        order_ref=order_ref,
        symbol=intent.symbol,
        strategy_id=intent.strategy_id,
        direction=intent.direction,
        status=PublishedStatus.REJECTED,
        quantity=Decimal(0),
        requested_quantity=intent.quantity,
        scaled=note.scaled or None,
        filled_quantity=Decimal(0),
        reject_reason=reason,
        timestamp=now,
    )
    return report.model_dump_json().encode()


def rejection(body: bytes, reason: str, now: datetime) -> bytes | None:
    """The report of a message that is no intent; None where nobody can be told, for it names no intent_id."""
    intent_id = identity_in(body)
    if intent_id is None:
        return None
    report = ExecutionReport(
        report_id=report_id_of("", str(intent_id), sha256(body).hexdigest()),
        intent_id=intent_id,
        order_id=None,
        order_ref="",
        symbol="",
        strategy_id="",
        direction=None,
        status=PublishedStatus.REJECTED,
        quantity=Decimal(0),
        requested_quantity=None,
        filled_quantity=Decimal(0),
        reject_reason=reason,
        timestamp=now,
    )
    return report.model_dump_json().encode()


def _latencies(track: Track) -> LatencyMetrics:
    stages = track.stages
    return LatencyMetrics(
        intent_to_submit_ms=_milliseconds(track.decided, stages.submitted),
        submit_to_ack_ms=_milliseconds(stages.submitted, stages.acknowledged),
        ack_to_fill_ms=_milliseconds(stages.acknowledged, stages.filled),
        total_latency_ms=_milliseconds(track.decided, stages.filled),
    )


def _milliseconds(begin: datetime | None, end: datetime | None) -> float | None:
    if begin is None or end is None or end < begin:
        return None
    return round((end - begin).total_seconds() * 1000, 3)


def _rounded(value: Decimal) -> Decimal:
    short = _DIGITS.plus(value)
    exponent = short.as_tuple().exponent
    return short.quantize(_PLACES) if isinstance(exponent, int) and exponent < _LEAST else short
