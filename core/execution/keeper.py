"""The way to the broker: opened only with the guard's permit, verified, synchronised, watched, opened again."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable
from functools import partial

from msgspec import Struct

from core.clock import Clock, DailyMoment
from core.domain.connection import Connection, Endpoint, FarmStatus, LinkState, Mode, Pulse
from core.domain.events import Severity
from core.domain.reports import AccountsReport, BadFrameReport, ErrorReport, RefusedFrameReport, SessionReport
from core.errors import DeskError, LiveGuardError
from core.execution.doubts import Doubts
from core.execution.link_status import LinkStatus
from core.execution.publisher import Publisher
from core.execution.reconciler import Reconciler
from core.execution.session_news import SessionNews
from core.execution.state import DeskState
from core.execution.stillness import Stillness
from core.ports import Broker, ConnectPermit
from core.risk.live_guard import LiveConfirmation, permit, verify_accounts

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0
SILENCE_SECONDS = 1.0
"""A heartbeat without an answer for this long makes quotes old: about three seconds after the gateway's last word."""
LOOK_SECONDS = 1.0
"""How often it is looked whether an answer is overdue."""
BEFORE_RESTART, AFTER_RESTART = 60.0, 180.0
"""Around the gateway's daily restart no new order leaves: what is sent into it may be lost without a word."""
_LONGEST_WAIT = 15.0
_SPREAD = 0.2
"""By which part a pause may be longer, so that the programs of one gateway do not all come back at once."""


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
    restart: str = ""
    """When the gateway restarts every day, as `DailyMoment` takes it; empty if it does not, or nobody has said."""
    read_only: bool = False
    """True opens connections over which nothing leaves that is about orders."""
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
        self._clock = clock
        self._options = options
        self._endpoint = endpoint
        self._on_verified = on_verified
        self._on_pulse = on_pulse
        self._stillness = Stillness(clock, self._stood_still)
        self._confirmation: LiveConfirmation | None = None
        self._restart = DailyMoment(options.restart) if options.restart else None
        self._wake = asyncio.Event()
        self._lost = asyncio.Event()
        self._lost_reason = ""
        self._logins: list[tuple[str, ...]] = []
        """The accounts that the gateway named over this connection, each time but in its handshake."""
        self._beside: set[asyncio.Future[None]] = set()
        self._link = LinkStatus(state, publisher, clock)
        self.doubts = Doubts(state, publisher, clock, broker.withdraw_order)
        self.reconciler = Reconciler(broker, state, publisher, clock, self._link, self.doubts)
        self.reconciler.after.append(lambda: self._aside(on_read))
        self._news = SessionNews(
            self._link,
            self.doubts,
            self.reconciler,
            clock,
            aside=self._aside,
            on_data_lost=on_data_lost,
            on_pulse=on_pulse,
        )
        self.on_over: Callable[[str], None] = _nothing
        """Told why, each time that a connection or an attempt at one has ended."""
        self.on_still: Callable[[], None] = _still
        """Told that core stood still."""
        self.heartbeat_at: float | None = None
        self.pulse: Pulse | None = None
        """What the last heartbeat said; None before the first of a connection."""

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

    def on_disconnected(self, reason: str) -> None:
        """The adapter lost its socket."""
        self._lost_reason = reason
        self.on_over("the connection ended")
        self.reconciler.end()
        self._lost.set()

    def on_report(self, report: SessionReport) -> None:
        """Something about the session itself."""
        match report:
            case ErrorReport():
                self._news.hear(report)
            case AccountsReport(accounts=accounts):
                self._logins.append(accounts)
                if self.connection.accounts and set(accounts) != set(self.connection.accounts):
                    self._link.tell("The accounts behind the connection changed; connecting and verifying again.")
                    self._link.set(state=LinkState.WAITING, accounts=(), account="", verified=None)
                    self.on_disconnected("the login changed")
            case BadFrameReport(order_related=True):
                self._link.tell(
                    "A message about orders could not be read; orders are being read again.", Severity.ALARM
                )
                self.reconciler.distrust()
            case BadFrameReport():
                self._link.tell(f"A message of IBKR could not be read ({report.detail}).")
            case RefusedFrameReport(message_id=message_id):
                self._link.tell(
                    f"A message that is not for reading (number {message_id} of the TWS API) was about to leave this "
                    "read-only profile. It was stopped and nothing was sent. This is a fault of ibdesk: report it.",
                    Severity.ALARM,
                )

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
                # A gateway that restarts by its own timetable comes back; nobody has to be called for that.
                failures += 0 if self._near_restart() else 1
            given_up = 0 < options.max_attempts <= failures
            if given_up:
                problem = f"{problem} Not tried again after {failures} attempts: reconnect when the gateway is there."
                failures = 0
            self.on_over("the connection ended")
            await self._broker.close()
            beside = tuple(self._beside)
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            self._confirmation = None
            self.heartbeat_at, self.pulse = None, None
            self._link.set(
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
            self.doubts.in_flight("no answer: connection lost")
            spread = 1 + _spread(options.client_id, self.connection.attempt)
            await self._pause(None if given_up or state is not LinkState.WAITING else wait * spread)
            wait = min(wait * 2, max(_LONGEST_WAIT, options.first_wait))

    async def _connected(self) -> None:
        """One whole connection. Returns when it is lost; raises DeskError if it never came up."""
        if self._options.mode is Mode.LIVE:
            # Without the phrase nothing is looked up, resolved or opened.
            granted = self._permit(self.connection.endpoint, self._confirmation)
        else:
            self._link.set(state=LinkState.CONNECTING)
            endpoint = await self._endpoint()
            self._link.set(endpoint=endpoint)
            granted = self._permit(endpoint, None)
        self._lost.clear()
        self._logins.clear()
        self._news.begin()
        self._link.set(state=LinkState.CONNECTING, problem="", restarting=self._near_restart())
        shaken = await self._broker.open(granted, self._options.client_id, self._options.timeout)
        # The login may have changed since the handshake was over.
        accounts = self._logins[-1] if self._logins else shaken.accounts
        reason = verify_accounts(granted, accounts)
        self._link.set(
            state=LinkState.SYNCING,
            server_version=shaken.server_version,
            accounts=accounts,
            account=granted.pinned_account or accounts[0],
            verified=self._clock.utc(),
            verified_by=reason,
            # A gateway that has lost IBKR says so right behind the handshake.
            ibkr=FarmStatus.UP if self.connection.ibkr is FarmStatus.UNKNOWN else self.connection.ibkr,
        )
        self._broker.reserve_order_ids(self._state.highest_order_id + 1)
        self._ask_for_money(granted)
        await self._stay()

    def _permit(self, endpoint: Endpoint, confirmation: LiveConfirmation | None) -> ConnectPermit:
        options = self._options
        return permit(endpoint, options.mode, options.account, confirmation, read_only=options.read_only)

    def _ask_for_money(self, granted: ConnectPermit) -> None:
        """Quotes and money are wanted, but no order waits for them; only the books decide."""
        account = granted.pinned_account or self.connection.accounts[0]
        self._aside(self._on_verified)
        self._aside(lambda: self._broker.watch_account(account))
        for other in self.connection.accounts:
            if other != account:
                self._aside(partial(self._broker.watch_values, other))

    async def _stay(self) -> None:
        """Read the books and watch over the connection until it is lost; raises DeskError if it has to be given up."""
        reading = asyncio.create_task(self.reconciler.run(), name="reconciliation")
        watching = asyncio.create_task(self._watch_over(), name="heartbeat")
        try:
            await asyncio.wait((reading, watching), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.reconciler.end()
            reading.cancel()
            watching.cancel()
            outcomes = await asyncio.gather(reading, watching, return_exceptions=True)
        problems = [one for one in outcomes if isinstance(one, Exception)]
        for problem in problems:
            # Whatever a lost connection broke off is no news.
            if not (isinstance(problem, DeskError) and self._lost.is_set()):
                raise problem

    def _aside(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(_quietly(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _watch_over(self) -> None:
        """Heartbeats and overdue answers, until the connection is lost."""
        next_beat = self._clock.mono()
        self._stillness.start()
        try:
            while not self._lost.is_set():
                now = self._clock.mono()
                if now >= next_beat:
                    next_beat = now + HEARTBEAT_SECONDS
                    await self._beat()
                if self.doubts.overdue():
                    self.reconciler.ask()
                self._link.set(restarting=self._near_restart())
                await _first(self._lost.wait(), timeout=LOOK_SECONDS)
        finally:
            self._stillness.stop()

    def _stood_still(self, seconds: float) -> None:
        """What was known before a pause is old, and what was in flight may have been answered or not."""
        self._on_pulse(False)
        self.on_still()
        self.reconciler.distrust()
        self._link.tell(
            f"Core stood still for {seconds:.0f} s: the computer slept, or something kept it busy. Prices are old "
            "until the gateway has answered, and no order leaves before those at IBKR are read."
        )

    def _near_restart(self) -> str:
        """Why no order should leave now because of the gateway's daily restart; empty at all other times."""
        if (
            self._restart is None
            or not -BEFORE_RESTART <= self._restart.seconds_from(self._clock.utc()) < AFTER_RESTART
        ):
            return ""
        return (
            f"the gateway restarts every day at {self._restart}: new orders wait from {BEFORE_RESTART:.0f} s before it "
            f"until {AFTER_RESTART:.0f} s after. What works at IBKR goes on working."
        )

    async def _beat(self) -> None:
        silence = asyncio.get_running_loop().call_later(SILENCE_SECONDS, self._on_pulse, False)
        try:
            self.pulse = await self._broker.ping()
        finally:
            silence.cancel()
        self.heartbeat_at = self._clock.mono()
        if self.connection.ibkr is FarmStatus.UP:
            self._on_pulse(True)

    async def _pause(self, seconds: float | None) -> None:
        await _first(self._wake.wait(), timeout=seconds)


def _nothing(_: str) -> None:
    """Nobody is to be told."""


def _still() -> None:
    """Nobody is to be told."""


def _spread(client_id: int, attempt: int) -> float:
    """By which part the pause before an attempt is longer: different for each program, the same for each run."""
    return _SPREAD * (zlib.crc32(f"{client_id}.{attempt}".encode()) % 1000) / 1000


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
