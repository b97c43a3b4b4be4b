"""The way to the broker: opened only with the guard's permit, verified, synchronised, watched, opened again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from core.clock import Clock
from core.domain.connection import Connection, Endpoint, FarmStatus, LinkState, Mode
from core.domain.events import ConnectionChanged, Fact, OrderChanged, Severity
from core.domain.orders import Order, OrderState, Pending, Side
from core.domain.reports import AccountsReport, BadFrameReport, ErrorClass, ErrorReport
from core.errors import DeskError, LiveGuardError
from core.execution.hearing import Hearing
from core.execution.publisher import Publisher
from core.execution.reconcile import Books, read_books, settle_missing, settle_pending
from core.execution.state import DeskState, lose_touch
from core.ports import Broker, ConnectPermit
from core.risk.live_guard import LiveConfirmation, permit, verify_accounts

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0
SILENCE_SECONDS = 1.0
"""A heartbeat without an answer for this long makes quotes old: about three seconds after the gateway's last word."""
ACK_SECONDS = 10.0
"""An order without any answer for this long is UNKNOWN."""
RECHECK_SECONDS = 15.0
"""How often the broker's books are read while an order is UNKNOWN."""
READ_SECONDS = 3.0
"""Readings of the broker's books are at least this far apart: what they show may ask for another one."""
_LONGEST_WAIT = 15.0
_NOT_HEARD_NOTE = "no answer from IBKR"


class KeeperOptions(Struct, frozen=True, kw_only=True):
    """What the profile says about its connection."""

    mode: Mode
    account: str
    """The pinned account; empty when none is."""
    client_id: int
    timeout: float
    """Seconds for connecting and shaking hands."""
    max_attempts: int = 0
    """Attempts one after another until a person has to ask for the next; 0 is without end."""
    first_wait: float = 0.5
    """Seconds before the second attempt; each further pause is twice as long, up to 15 or to this if it is longer."""


class ConnectionKeeper:
    """Keeps the connection, and says with every change what state it is in."""

    def __init__(
        self,
        broker: Broker,
        state: DeskState,
        publisher: Publisher,
        clock: Clock,
        options: KeeperOptions,
        *,
        endpoint: Callable[[], Awaitable[Endpoint]],
        on_verified: Callable[[], Awaitable[None]],
        on_read: Callable[[], Awaitable[None]],
        on_data_lost: Callable[[], Awaitable[None]],
        on_pulse: Callable[[bool], None],
    ) -> None:
        """`endpoint` finds (and for practice starts) the gateway.

        `on_verified` subscribes what is watched, `on_read` what the books showed to be held or working, `on_data_lost`
        everything anew. `on_pulse` gets False when a heartbeat is overdue or IBKR's own link goes, True for
        each answer while that link is up.
        """
        self._broker = broker
        self._state = state
        self._publisher = publisher
        self._clock = clock
        self._options = options
        self._endpoint = endpoint
        self._on_verified = on_verified
        self._on_read = on_read
        self._on_data_lost = on_data_lost
        self._on_pulse = on_pulse
        self._confirmation: LiveConfirmation | None = None
        self._wake = asyncio.Event()
        self._lost = asyncio.Event()
        self._ask = asyncio.Event()
        self._unread = False
        self._lost_reason = ""
        self._beside: set[asyncio.Future[None]] = set()
        self.hearing: Hearing | None = None
        self.heartbeat_at: float | None = None
        self.round_trip_ms: Decimal | None = None

    @property
    def connection(self) -> Connection:
        """The state that desks see."""
        return self._state.connection

    def confirm_live(self, phrase: str) -> None:
        """Take the phrase that a person typed. Raises LiveGuardError if it is not the one."""
        self._confirmation = LiveConfirmation(self._options.account, phrase)
        self._wake.set()

    def reconnect(self) -> None:
        """Try now instead of later."""
        self._wake.set()

    def ask_books(self) -> None:
        """Have the broker's books read again soon."""
        self._ask.set()

    def on_disconnected(self, reason: str) -> None:
        """The adapter lost its socket."""
        self._lost_reason = reason
        self._lost.set()

    def on_report(self, report: ErrorReport | AccountsReport | BadFrameReport) -> None:
        """Something about the session itself."""
        match report:
            case ErrorReport():
                self._on_error(report)
            case AccountsReport(accounts=accounts):
                if self.connection.accounts and set(accounts) != set(self.connection.accounts):
                    self._tell("The accounts behind the connection changed; connecting and verifying again.")
                    self._set(state=LinkState.WAITING, accounts=(), account="", verified=None)
                    self.on_disconnected("the login changed")
            case BadFrameReport(order_related=True):
                self._tell("A message about orders could not be read; orders are being read again.", Severity.ALARM)
                self._distrust()
            case BadFrameReport():
                self._tell(f"A message of IBKR could not be read ({report.detail}).")

    async def run(self) -> None:
        """Connect, stay connected, connect again; for ever."""
        options = self._options
        wait, failures = options.first_wait, 0
        while True:
            self._wake.clear()
            problem, state = "", LinkState.WAITING
            try:
                await self._connected()
                wait, failures = options.first_wait, 0
                problem = f"{self._lost_reason.rstrip('.') or 'The connection ended'}. Connecting again."
            except LiveGuardError as error:
                unconfirmed = self._options.mode is Mode.LIVE and self._confirmation is None
                state = LinkState.AWAITING_CONFIRMATION if unconfirmed else LinkState.REFUSED
                problem = str(error)
                log.warning("live guard: %s", problem)
            except DeskError as error:
                problem = str(error)
                log.warning("connection: %s", problem)
                failures += 1
            given_up = 0 < options.max_attempts <= failures
            if given_up:
                problem = f"{problem} Not tried again after {failures} attempts: reconnect when the gateway is there."
                failures = 0
            await self._broker.close()
            beside = tuple(self._beside)
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            self._confirmation = None
            self.heartbeat_at, self.round_trip_ms = None, None
            self._set(
                state=state,
                problem=problem,
                accounts=(),
                account="",
                verified=None,
                server_version=None,
                ibkr=FarmStatus.UNKNOWN,
                farms=(),
                attempt=self.connection.attempt + 1,
            )
            # Told last: an order in doubt matters more to whoever reads than why the connection went.
            self.doubt_in_flight("no answer: connection lost")
            await self._pause(None if given_up or state is not LinkState.WAITING else wait)
            wait = min(wait * 2, max(_LONGEST_WAIT, options.first_wait))

    async def _connected(self) -> None:
        """One whole connection. Returns when it is lost; raises DeskError if it never came up."""
        if self._options.mode is Mode.LIVE:
            # Without the phrase nothing is looked up, resolved or opened.
            granted = permit(self.connection.endpoint, self._options.mode, self._options.account, self._confirmation)
        else:
            self._set(state=LinkState.CONNECTING)
            endpoint = await self._endpoint()
            self._set(endpoint=endpoint)
            granted = permit(endpoint, self._options.mode, self._options.account, None)
        self._lost.clear()
        self._ask.clear()
        self._set(state=LinkState.CONNECTING, problem="")
        shaken = await self._broker.open(granted, self._options.client_id, self._options.timeout)
        reason = verify_accounts(granted, shaken.accounts)
        self._set(
            state=LinkState.SYNCING,
            server_version=shaken.server_version,
            accounts=shaken.accounts,
            account=granted.pinned_account or shaken.accounts[0],
            verified=self._clock.utc(),
            verified_by=reason,
            # A gateway that has lost IBKR says so right behind the handshake.
            ibkr=FarmStatus.UP if self.connection.ibkr is FarmStatus.UNKNOWN else self.connection.ibkr,
        )
        self._broker.reserve_order_ids(self._state.highest_order_id + 1)
        await self._synchronise(granted)
        self._trust()
        await self._watch_over()

    async def _synchronise(self, granted: ConnectPermit) -> None:
        account = granted.pinned_account or self.connection.accounts[0]
        # Quotes and money are wanted, but no order waits for them; only the books decide.
        self._aside(self._on_verified)
        self._aside(lambda: self._broker.watch_account(account))
        for other in self.connection.accounts:
            if other != account:
                self._aside(partial(self._broker.watch_values, other))
        # What was asked over an earlier connection is not answered over this one.
        asked = {o.order_ref: o.revision for o in self._state.book.live() if o.pending is not Pending.NONE}
        books = await self._read()
        unanswered = [o for o in self._state.book.live() if asked.get(o.order_ref) == o.revision]
        self._change(settle_pending(order, books) for order in unanswered)

    async def _read(self) -> Books:
        """Read the broker's books; every order that stood still meanwhile must be in them."""
        self._unread = False
        flying = {order.order_ref for order in self._state.in_flight()}
        before = {o.order_ref: o.changed for o in self._state.book.live() if o.order_ref not in flying}
        self._state.begin_positions()
        try:
            books = await read_books(self._broker)
        except BaseException:
            self._state.abandon_positions()
            raise
        self._state.finish_positions()
        if self.hearing is not None:
            self.hearing.publish_positions()
        now = self._clock.utc()
        still = [order for order in self._state.book.live() if before.get(order.order_ref) == order.changed]
        self._change(settle_missing(order, books, now) for order in still)
        self._set(reconciled=now)
        self._aside(self._on_read)
        return books

    def _distrust(self) -> None:
        """Something about orders was missed: no new order until the books are read."""
        self._unread = True
        self.ask_books()
        if self.connection.state is LinkState.READY:
            self._set(state=LinkState.SYNCING)

    def _trust(self) -> None:
        """The books are read: orders may leave, unless something was missed or lost meanwhile."""
        if self.connection.state is LinkState.SYNCING and not self._unread and not self._lost.is_set():
            down = self.connection.ibkr is FarmStatus.DOWN
            self._set(state=LinkState.READY, attempt=0, problem=self.connection.problem if down else "")

    def _aside(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(_quietly(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _watch_over(self) -> None:
        """Heartbeats, overdue answers and readings of the books, until the connection is lost."""
        next_beat = next_read = self._clock.mono()
        next_check = next_beat + RECHECK_SECONDS
        while not self._lost.is_set():
            now = self._clock.mono()
            if now >= next_beat:
                next_beat = now + HEARTBEAT_SECONDS
                await self._beat()
            self._doubt_overdue()
            if any(order.state is OrderState.UNKNOWN for order in self._state.book.live()) and now >= next_check:
                self.ask_books()
            if self._ask.is_set() and now >= next_read:
                self._ask.clear()
                next_read, next_check = now + READ_SECONDS, now + RECHECK_SECONDS
                await self._read()
                self._trust()
            await _first(self._lost.wait(), timeout=1.0)

    async def _beat(self) -> None:
        silence = asyncio.get_running_loop().call_later(SILENCE_SECONDS, self._on_pulse, False)
        try:
            self.round_trip_ms = await self._broker.ping()
        finally:
            silence.cancel()
        self.heartbeat_at = self._clock.mono()
        if self.connection.ibkr is FarmStatus.UP:
            self._on_pulse(True)

    def _doubt_overdue(self) -> None:
        now = self._clock.utc()
        overdue = [o for o in self._state.in_flight() if (now - o.changed).total_seconds() >= ACK_SECONDS]
        self._change(lose_touch(order, now, _NOT_HEARD_NOTE) for order in overdue)
        if overdue:
            self.ask_books()

    def doubt_in_flight(self, note: str) -> None:
        """Whatever hangs on an answer of the broker hangs in the air now: UNKNOWN, with the reason."""
        now = self._clock.utc()
        self._change(lose_touch(order, now, note) for order in self._state.in_flight())

    def _change(self, orders: Iterable[Order]) -> None:
        facts: list[Fact] = []
        for order in orders:
            before = self._state.book.get(order.order_ref)
            if order == before:
                continue
            self._state.book.put(order)
            facts.append(OrderChanged(order=order))
            newly = before is None or before.state is not order.state
            if newly and order.state is OrderState.UNKNOWN and not order.external and self.hearing is not None:
                facts.append(self.hearing.incident(_doubt(order), Severity.ALARM, order.order_ref))
        self._publisher.facts(facts)

    def _on_error(self, report: ErrorReport) -> None:
        match report.error_class:
            case ErrorClass.LINK_DOWN:
                self._set(ibkr=FarmStatus.DOWN, problem=f"IBKR's own link is down: {report.text} [{report.code}]")
                self._on_pulse(False)
                self.doubt_in_flight("no answer: IBKR's link was lost")
            case ErrorClass.LINK_UP_DATA_LOST | ErrorClass.LINK_UP_DATA_KEPT:
                self._set(ibkr=FarmStatus.UP, problem="")
                # Fills that came while the link was down may never be told.
                self._distrust()
                if report.error_class is ErrorClass.LINK_UP_DATA_LOST:
                    self._aside(self._on_data_lost)
            case ErrorClass.FARM_UP | ErrorClass.FARM_DOWN:
                farm = report.text.rpartition(":")[2].strip() or "farm"
                farms = dict(self.connection.farms) | {farm: report.error_class is ErrorClass.FARM_UP}
                self._set(farms=tuple(farms.items()))
            case ErrorClass.INFO | ErrorClass.DATA_ONLY:
                log.info("gateway: %s [%d]", report.text, report.code)
            case _:
                self._tell(f"IBKR: {report.text} [{report.code}]")

    def _tell(self, text: str, severity: Severity = Severity.WARNING) -> None:
        if self.hearing is not None:
            self._publisher.facts([self.hearing.incident(text, severity)])

    def _set(self, **changes: object) -> None:
        before = self._state.connection
        if "state" in changes and changes["state"] is not before.state:
            changes["since"] = self._clock.utc()
        self._state.connection = replace(before, **changes)
        if self._state.connection != before:
            self._publisher.facts([ConnectionChanged(connection=self._state.connection)])

    async def _pause(self, seconds: float | None) -> None:
        await _first(self._wake.wait(), timeout=seconds)


def _doubt(order: Order) -> str:
    done = "bought" if order.side is Side.BUY else "sold"
    return (
        f"#{order.number} {order.text}: {order.note}. It may be working. It counts as {order.remaining.normalize():f} "
        f"{done}. Don't send it again; it is being looked up."
    )


async def _first(waiting: Awaitable[object], *, timeout: float | None) -> None:
    try:
        await asyncio.wait_for(waiting, timeout)
    except TimeoutError:
        return


async def _quietly(work: Callable[[], Awaitable[None]]) -> None:
    """Do something whose failure stands in the log and shows on its own row, but which never blocks trading."""
    try:
        await work()
    except DeskError as error:
        log.warning("while connecting: %s", error)
    except Exception:
        log.exception("work beside the connection failed")
