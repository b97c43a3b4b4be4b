"""What must be true whatever happens, I1 to I12, held against the gateway's ledger, the wire's bytes and the disk.

I1 no order bytes before a durable INTENT; I2 one new-order message a reference, ever; I3 a message says what its
INTENT says; I4 an end only on evidence; I5 filled is the sum of the executions; I6 after healing core's books are the
ledger's, or the difference is named; I7 a replay of the journal gives the same state twice; I8 no new order or change
while orders may not leave; I9 a cancel is never refused for anything but a missing connection; I10 no control byte in
what a screen is told; I11 no whole account number in its texts; I12 no price is shown as live when its source is gone.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from core.domain.connection import Connection, FarmStatus, LinkState
from core.domain.entries import Intent, ModifyIntent
from core.domain.events import Snapshot
from core.domain.executions import Execution, latest_revisions
from core.domain.orders import Order, OrderRequest, OrderState, Terms
from core.execution.state import DeskState
from core.journal.recovery import read_entries
from core.practice.ledger import Ledger
from core.practice.orders import Order as Booked
from core.practice.orders import Status
from core.practice.tables import Record
from core.text import mask_accounts
from tests.faults.wire import CANCEL, PLACE, Frame, placed

if TYPE_CHECKING:
    from core.practice.server import PracticeGateway
    from tests.faults.wire import Wire
    from tests.faults.world import Core

_ENDED = frozenset({OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED, OrderState.PRESUMED_NOT_PLACED})
_STATES = {
    Status.PRE_SUBMITTED: {OrderState.WORKING, OrderState.HELD},
    Status.SUBMITTED: {OrderState.WORKING, OrderState.HELD},
    Status.FILLED: {OrderState.FILLED},
    Status.CANCELLED: {OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED},
    Status.INACTIVE: {OrderState.REJECTED, OrderState.CANCELLED, OrderState.HELD},
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Watched(Protocol):
    """What a watch looks at."""

    @property
    def wire(self) -> Wire:
        """Where core's messages pass."""

    @property
    def gateway(self) -> PracticeGateway:
        """Whose ledger is the truth."""

    @property
    def journal(self) -> Path:
        """Core's journal."""

    @property
    def core(self) -> Core | None:
        """Core where it runs in this loop, None where it does not run or runs in another process."""


class Watch:
    """Holds every message of core to the invariants as it leaves, and the state whenever it is asked to."""

    def __init__(self, world: Watched) -> None:
        """Begins to listen at the wire of `world`."""
        self._world = world
        self.broken: list[str] = []
        """What was not as it must be, so far."""
        self.frames = 0
        """Messages about orders that were looked at."""
        self._intents: dict[str, tuple[Order, OrderRequest]] = {}
        self._terms: dict[str, list[Terms]] = {}
        self._read = 0
        self._sent: Counter[str] = Counter()
        world.wire.on_frame = self.on_frame

    def on_frame(self, frame: Frame) -> None:
        """One message of core, before any byte of it is passed on."""
        if frame.fields[0] == PLACE:
            self.frames += 1
            self.broken += self._of_placement(placed(frame))
            self.broken += i8_only_while_allowed(self._world)
        elif frame.fields[0] == CANCEL:
            self.frames += 1

    def _of_placement(self, sent: Record) -> list[str]:
        self._read_journal()
        order_ref = sent.text("orderRef")
        found = self._intents.get(order_ref)
        if found is None:
            return [f"I1: {order_ref} left, and there is no INTENT of it on disk"]
        self._sent[order_ref] += 1
        terms = self._terms[order_ref]
        if self._sent[order_ref] > len(terms):
            return [f"I2: {order_ref} left {self._sent[order_ref]} times for {len(terms)} recorded terms"]
        return i3_as_recorded(sent, found[0], found[1], terms)

    def _read_journal(self) -> None:
        """What is on disk now, as another process would see it."""
        for number, entry in read_entries(self._world.journal, self._read):
            self._read = number
            match entry:
                case Intent(order=order, request=request):
                    self._intents[order.order_ref] = order, request
                    self._terms[order.order_ref] = [request]
                case ModifyIntent(order=order):
                    self._terms[order.order_ref].append(order)

    def check(self) -> None:
        """Hold everything as it stands now to the invariants. Raises AssertionError naming what is broken."""
        world = self._world
        if world.core is not None:
            snapshot = world.core.snapshot
            self.broken += i4_ended_on_evidence(world.gateway.ledger, snapshot)
            self.broken += i5_filled_is_the_sum(snapshot)
            self.broken += i5_no_fill_invented(world.gateway.ledger, snapshot)
            self.broken += i12_nothing_old_as_live(snapshot)
        assert not self.broken, self.broken

    def check_texts(self) -> None:
        """I10 and I11, of everything that core published. Raises AssertionError."""
        if self._world.core is not None:
            self.broken += i10_i11_texts(self._world.core.snapshot)
        assert not self.broken, self.broken

    async def check_converged(self) -> None:
        """As `check`, and I6, I7: nothing is on its way any more. Raises AssertionError naming what is broken."""
        self.check()
        self.check_texts()
        core = self._world.core
        assert core is not None
        self.broken += i6_books_agree(self._world.gateway.ledger, core.snapshot, self._terms)
        await core.journal.commit(())
        self.broken += i7_replay_is_the_state(self._world.journal, core.snapshot)
        assert not self.broken, self.broken


def i3_as_recorded(sent: Record, order: Order, request: OrderRequest, terms: list[Terms]) -> list[str]:
    """A placeOrder message says what was recorded, field by field; a change may be any of those recorded."""
    fixed = {
        "orderId": (sent.integer("orderId"), order.order_id),
        "conId": (sent.integer("conId"), request.con_id),
        "account": (sent.text("account"), request.account),
        "action": (sent.text("action"), request.side.value),
        "whatIf": (sent.flag("whatIf"), False),
    }
    wrong = [
        f"I3: {name} of {request.order_ref} left as {said}, recorded as {known}"
        for name, (said, known) in fixed.items()
        if said != known
    ]
    says = sent.number("totalQuantity"), sent.number("lmtPrice") or None, sent.text("orderType"), sent.text("tif")
    if not any(says == (one.quantity, one.limit_price, one.order_type.value, one.tif.value) for one in terms):
        wrong.append(f"I3: {request.order_ref} left as {says}, never recorded so")
    return wrong


def i4_ended_on_evidence(ledger: Ledger, snapshot: Snapshot) -> list[str]:
    """Nothing that the ledger has as live is shown as ended, or as never sent."""
    live = {order.perm_id: order for order in ledger.live_orders()}
    refs = {order.sent.text("orderRef") for order in live.values()}
    gone = (*_ENDED, OrderState.FILLED, OrderState.DENIED)
    return [
        f"I4: {order.order_ref} is shown as {order.state} ({order.note}) and works at the gateway"
        for order in snapshot.orders
        if order.state in gone and (order.perm_id in live or (order.perm_id is None and order.order_ref in refs))
    ]


def i5_filled_is_the_sum(snapshot: Snapshot) -> list[str]:
    """What an order shows as filled is the sum of the latest revisions of its executions."""
    sums: dict[str, Decimal] = {}
    for execution in latest_revisions(snapshot.executions):
        sums[execution.order_ref] = sums.get(execution.order_ref, Decimal(0)) + execution.quantity
    return [
        f"I5: {order.order_ref} shows {order.filled} filled, its executions say {sums.get(order.order_ref, 0)}"
        for order in snapshot.orders
        if order.filled != sums.get(order.order_ref, Decimal(0))
    ]


def i5_no_fill_invented(ledger: Ledger, snapshot: Snapshot) -> list[str]:
    """No fill that the ledger does not have, and none larger than there."""
    booked = {_stem(one.exec_id): Decimal(one.shares) for one in ledger.executions}
    return [
        f"I5: the fill {one.exec_id} of {one.quantity} is not the ledger's ({booked.get(one.stem)})"
        for one in latest_revisions(snapshot.executions)
        if booked.get(one.stem) != one.quantity
    ]


def i6_books_agree(ledger: Ledger, snapshot: Snapshot, asked: Mapping[str, Iterable[Terms]] | None = None) -> list[str]:
    """Orders, fills and positions are the ledger's. An order that it never had may be UNKNOWN: that is named.

    `asked` has the terms that core asked for, by order_ref: of what the gateway cut, core need not know the size.
    """
    return [*_orders(ledger, snapshot, asked or {}), *_fills(ledger, snapshot), *_positions(ledger, snapshot)]


def _orders(ledger: Ledger, snapshot: Snapshot, asked: Mapping[str, Iterable[Terms]]) -> list[str]:
    wrong = []
    ours = {order.perm_id: order for order in snapshot.orders if order.perm_id is not None}
    if len(ours) != sum(order.perm_id is not None for order in snapshot.orders):
        wrong.append("I6: two orders of core have the same permId")
    for booked in ledger.orders.values():
        order = ours.pop(booked.perm_id, None)
        ref = booked.sent.text("orderRef")
        if order is None and booked.status is not Status.HELD_BACK:
            wrong.append(f"I6: core does not know the gateway's order {booked.perm_id} ({ref})")
        elif order is None:
            # The first of a family of which the rest never came: the gateway tells nobody about it.
            held = [one for one in snapshot.orders if one.order_ref == ref and one.state is not OrderState.UNKNOWN]
            wrong += [f"I6: {ref} is held back and core says {one.state}" for one in held]
        elif not _alike(order, booked, asked.get(ref)):
            wrong.append(
                f"I6: {order.order_ref}: core has {order.state} {order.filled}/{order.quantity} ({order.note}), "
                f"the gateway {booked.status} {booked.filled}/{booked.quantity} of {ref}"
            )
    left = [*ours.values(), *(order for order in snapshot.orders if order.perm_id is None)]
    never = {OrderState.DENIED, OrderState.REJECTED, OrderState.PRESUMED_NOT_PLACED, OrderState.UNKNOWN}
    wrong += [f"I6: the gateway does not know {one.order_ref}: {one.state}" for one in left if one.state not in never]
    wrong += [
        f"I6: {one.order_ref} is UNKNOWN and does not say where it was looked for: {one.note!r}"
        for one in left
        if one.state is OrderState.UNKNOWN and "open orders" not in one.note
    ]
    return wrong


def _alike(order: Order, booked: Booked, asked: Iterable[Terms] | None) -> bool:
    """True if core shows an order as the gateway has it. `asked` None knows of no change."""
    if (order.order_ref, order.filled) != (booked.sent.text("orderRef"), Decimal(booked.filled)):
        return False
    size, states = Decimal(booked.quantity), set(_STATES.get(booked.status, set()))
    sizes = {size} if asked is None else {one.quantity for one in asked}
    if size not in sizes:
        # The gateway cut it, and the only messages that said so may be lost: its end is named, then, not known.
        states.add(OrderState.UNKNOWN)
    elif order.quantity != size and not (booked.status is Status.CANCELLED and order.quantity in sizes):
        # Of an order that is cancelled nobody says whether the last change was still made.
        return False
    return order.state in states


def _fills(ledger: Ledger, snapshot: Snapshot) -> list[str]:
    ours = {one.stem: (one.order_ref, one.quantity, one.price) for one in latest_revisions(snapshot.executions)}
    theirs = {_stem(one.exec_id): (one.order_ref, Decimal(one.shares), one.price) for one in ledger.executions}
    return [
        f"I6: the fill {stem}: core has {ours.get(stem)}, the gateway {theirs.get(stem)}"
        for stem in ours.keys() | theirs.keys()
        if ours.get(stem) != theirs.get(stem)
    ]


def _positions(ledger: Ledger, snapshot: Snapshot) -> list[str]:
    ours = {one.con_id: one.quantity for one in snapshot.positions or () if one.quantity}
    theirs = {con_id: Decimal(one.quantity) for con_id, one in ledger.account.positions.items() if one.quantity}
    return [f"I6: positions: core has {ours}, the gateway {theirs}"] if ours != theirs else []


def i7_replay_is_the_state(journal: Path, snapshot: Snapshot) -> list[str]:
    """Two replays of the journal are the same bytes, and the orders and fills that core shows."""
    once, again = replayed(journal, snapshot), replayed(journal, snapshot)
    if once != again:
        return ["I7: two replays of the journal differ"]
    shown = _encoded(snapshot.orders, snapshot.executions)
    return [] if once == shown else [f"I7: replay is not the state: {_first_difference(once, shown)}"]


def replayed(journal: Path, snapshot: Snapshot) -> bytes:
    """What the journal alone says of orders and fills, as bytes."""
    connection = snapshot.connection
    state = DeskState(
        Connection(
            mode=connection.mode,
            profile=connection.profile,
            endpoint=connection.endpoint,
            client_id=connection.client_id,
        )
    )
    state.replay((entry for _, entry in read_entries(journal)), snapshot.time)
    return _encoded(state.book.orders(), state.book.executions())


def _encoded(orders: Iterable[Order], executions: Iterable[Execution]) -> bytes:
    """Orders of ours and their fills, as bytes."""
    ours = sorted((order for order in orders if not order.external), key=lambda one: one.order_ref)
    refs = {order.order_ref for order in ours}
    kept = sorted((one for one in executions if one.order_ref in refs), key=lambda one: one.exec_id)
    return msgspec.json.encode([ours, kept], order="deterministic")


def _first_difference(once: bytes, shown: bytes) -> str:
    place = next((n for n, (a, b) in enumerate(zip(once, shown, strict=False)) if a != b), min(len(once), len(shown)))
    return f"{once[max(0, place - 200) : place + 80]!r} against {shown[max(0, place - 80) : place + 80]!r}"


def i8_only_while_allowed(world: Watched) -> list[str]:
    """A new order or a change leaves only while core is verified, reconciled, healthy and not halted."""
    core = world.core
    if core is None:
        # It runs in another process.
        return []
    now = asyncio.get_running_loop().time()
    if core.closed_at is None or now <= core.closed_at:
        # What the kernel had at the moment itself had left before.
        return []
    connection, state = core.service.connection, core.snapshot.trading_state
    return [
        f"I8: an order left {now - core.closed_at:.3f} s after none might: {connection.state}, IBKR {connection.ibkr}, "
        f"trading {state}, journal {core.journal.failure or 'well'}"
    ]


def i10_i11_texts(snapshot: Snapshot) -> list[str]:
    """No control byte anywhere, no whole account number in a text for people."""
    texts = [incident.text for incident in snapshot.incidents]
    texts += [text for order in snapshot.orders for text in (order.note, order.label, order.text)]
    texts += [snapshot.connection.problem, snapshot.trading_reason]
    wrong = [f"I10: {text!r}" for text in texts if _CONTROL.search(text)]
    return wrong + [f"I11: {text!r}" for text in texts if mask_accounts(text) != text]


def i12_nothing_old_as_live(snapshot: Snapshot) -> list[str]:
    """While there is no connection, or IBKR's own link is down, every quote is marked as old."""
    connection = snapshot.connection
    alive = connection.state in (LinkState.SYNCING, LinkState.READY) and connection.ibkr is not FarmStatus.DOWN
    if alive:
        return []
    # A word about a market of which nothing is known shows no price.
    live = [quote.con_id for quote in snapshot.quotes if not quote.stale and quote.mark is not None]
    return [f"I12: {con_id} is shown as live while {connection.state}" for con_id in live]


def _stem(exec_id: str) -> str:
    return exec_id.rpartition(".")[0]
