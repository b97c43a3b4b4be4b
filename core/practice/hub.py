"""The gateway without its sockets: sessions, market clock, desk and account, joined turn by turn.

A turn is one socket read or one market step. What it changed is committed before what it says is written.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core.practice.account import Account
from core.practice.auctions import is_regular
from core.practice.catalogue import build_catalogue
from core.practice.codec import message_id
from core.practice.connection import Connection
from core.practice.days import calendar_day, trading_day
from core.practice.desk import Desk
from core.practice.directory import Catalogue
from core.practice.farm import Farm
from core.practice.faults import Faults
from core.practice.feed import Feed
from core.practice.intake import Intake
from core.practice.latency import Latency
from core.practice.ledger import Ledger
from core.practice.link import Link
from core.practice.market import Market
from core.practice.options import GatewayOptions
from core.practice.publish import publish_positions, publish_profits, publish_values
from core.practice.recorder import Recorder
from core.practice.reports import Reports
from core.practice.session import Handler, Session
from core.practice.state import Store
from core.practice.tempo import Tempo

if TYPE_CHECKING:
    from core.practice.history import History

#: Steps between two refreshes of account values and profits that nothing but the market changed.
_REFRESH_STEPS = 10
_MAX_CONNECTIONS = 256
#: Unsent bytes of all clients together.
_MAX_ALL_UNSENT = 64 * 1024 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReceivedFrame:
    """One request as it came from a client."""

    #: Loop time in seconds.
    at: float
    client_id: int
    message_id: int
    fields: tuple[str, ...]


class Hub:
    """Everything that sessions share."""

    def __init__(self, store: Store, seed: int, options: GatewayOptions, now: Callable[[], float]) -> None:
        """Read the state. Raises StateError, FaultError, or LatencyError if something of it can't be used."""
        self.now = now
        #: How long a client may take from connecting to startApi.
        self.greeting_seconds = options.greeting_seconds
        #: How long a client may leave what it is sent unread.
        self.unread_seconds = options.unread_seconds
        #: Messages a second from one client, 0 without limit.
        self.pacing = options.pacing
        self.lines = options.lines
        self.readonly = options.readonly
        self.faults = Faults(options.faults)
        self.latency = Latency(options.latency, seed)
        self.link = Link(self)
        self.farm = Farm(self)
        self.intake = Intake(self)
        self.reports = Reports(self)
        self.store = store
        self.catalogue, self.market = _market(options, seed, now())
        #: How fast the market goes.
        self.tempo = Tempo(options.speed, playing=not options.paused)
        accounts = (Account(name, self.market) for name in options.accounts)
        self.ledger = Ledger(store, self.catalogue, accounts, now())
        self.ledger.load(options.cash)
        if options.speed != 1.0 and self.market.began is None:
            self.market.keep_own_time(now())
        self._recorder = Recorder(self.market, self.market_now())
        self.market.catch_up()
        self.ledger.surplus = lambda: int(self.faults.take("overfill") or 0)
        #: Whether markets keep the hours of their exchanges; if not, they never close.
        self.keeps_hours = options.hours == "exchange"
        regular = is_regular if self.keeps_hours else None
        self.desk = Desk(
            self.catalogue, self.ledger, self, now, cancels_foreign=options.cancels_foreign, regular=regular
        )
        self.feed = Feed(self.market)
        self.dirty: set[Connection] = set()
        self.connections: set[Connection] = set()
        self.clients: dict[int, Session] = {}
        #: The last requests of all clients, oldest first.
        self.received: deque[ReceivedFrame] = deque(maxlen=options.keep_frames)
        #: Called with nothing after each turn.
        self.after_turn: list[Callable[[], None]] = []
        #: Called with the number of clients whenever one comes or goes.
        self.on_clients: Callable[[int], None] = lambda _: None
        #: Called when the state file can't be written; nothing may be answered after that.
        self.on_failure: Callable[[Exception], None] = lambda _: None
        #: Called when the market stands still, because it was told to or has come to its end.
        self.on_pause: Callable[[], None] = lambda: None
        self._changed: set[tuple[str, int]] = set()
        self._clock: asyncio.TimerHandle | None = None
        self._next_step = 0.0
        #: Stopped, or unable to keep what it would say.
        self._over = False
        self._values_due = False
        self.ledger.save()
        store.commit()

    def handlers(self) -> dict[int, Handler]:
        """Return the answers to requests; they are imported when first asked for, so that a gateway listens sooner."""
        from core.practice.requests import HANDLERS

        return HANDLERS

    @cached_property
    def history(self) -> History:
        """The past of the market."""
        from core.practice.history import History

        return History(self.market, self._recorder, self.market_now)

    def add_connection(self, connection: Connection) -> bool:
        """Note a new connection; False if there are too many."""
        if len(self.connections) >= _MAX_CONNECTIONS:
            return False
        self.connections.add(connection)
        return True

    def remove_connection(self, connection: Connection) -> None:
        """Forget a connection."""
        self.connections.discard(connection)
        self.dirty.discard(connection)
        self.end_turn()

    def remove_client(self, session: Session) -> None:
        """Forget a client and all that it watched."""
        self.forget_market_data(session)
        if session.client_id is not None and self.clients.get(session.client_id) is session:
            del self.clients[session.client_id]
            self.on_clients(len(self.clients))

    def start_client(self, session: Session, client_id: int) -> bool:
        """Give a session its client id; False if another one has it."""
        if client_id in self.clients:
            return False
        self.clients[client_id] = session
        self._roll_day()
        self.on_clients(len(self.clients))
        return True

    def note_received(self, client_id: int, fields: list[str]) -> None:
        """Keep a request for whoever asks later what came."""
        if not self.received.maxlen:
            return
        now = asyncio.get_running_loop().time()
        self.received.append(ReceivedFrame(now, client_id, message_id(fields), tuple(fields)))

    def forget_market_data(self, session: Session) -> None:
        """End everything of the market that a session is kept up to date about."""
        self.feed.forget(session)

    def check_unsent(self) -> None:
        """Cut the client that has most unread if all of them together have too much."""
        if sum(connection.unsent for connection in self.connections) > _MAX_ALL_UNSENT:
            worst = max(self.connections, key=lambda connection: connection.unsent)
            log.debug("client %s has most unread and is cut", worst.client_id)
            worst.abort()

    def accounts(self) -> str:
        """Return the accounts that the gateway says it manages."""
        told = self.faults.take("managed-accounts")
        return ",".join(self.ledger.accounts) if told is None else told

    def to_client(self, client_id: int, data: bytes) -> None:
        """Queue what is to be said about an order, if its client is connected."""
        self.reports.send(client_id, data)

    def deliver(self, client_id: int, data: bytes) -> None:
        """Queue a message for a client, if it is connected."""
        session = self.clients.get(client_id)
        if session is not None:
            session.send(data)

    def position_changed(self, account: str, con_id: int) -> None:
        """Note that cash and this position of an account changed, for those who watch it."""
        self._changed.add((account, con_id))

    def end_turn(self) -> None:
        """Commit what this turn changed, then write what it says, then keep the clock going if it is needed."""
        if self._over:
            return
        self.reports.end_turn()
        try:
            self.ledger.save()
            self.store.commit()
        except sqlite3.Error as error:
            self._over = True
            log.exception("the state file can't be written")
            self.on_failure(error)
            return
        dirty, self.dirty = self.dirty, set()
        for connection in dirty:
            connection.flush()
        if self._changed and self.link.up:
            # Orders first: whoever waits for a fill does not wait for the sums that follow from it.
            changed, self._changed = self._changed, set()
            asyncio.get_running_loop().call_soon(self._publish, changed)
        if self._clock is None and self._needs_clock():
            self._next_step = asyncio.get_running_loop().time() + self.tempo.step_seconds
            self._schedule()
        for call in list(self.after_turn):
            call()

    def _publish(self, changed: set[tuple[str, int]]) -> None:
        for session in self.clients.values():
            publish_positions(session, changed)
        self._values_due = True
        self.end_turn()

    def _roll_day(self) -> None:
        if trading_day(self.now()) != self.ledger.day:
            self.desk.start_day()

    def market_now(self) -> float:
        """Return what time the market has, in seconds since the epoch: ours, unless it goes at a tempo of its own."""
        return self.market.time(self.now())

    def play(self, speed: float | None = None, until: float | None = None) -> None:
        """Let the market go on, up to a time of its own if one is given; None leaves the speed as it is."""
        if speed is not None:
            self.tempo.speed = speed
            if speed != 1.0 and self.market.began is None:
                self.market.keep_own_time(self.now())
        self.tempo.until = until
        self.tempo.playing = True
        self._stop_clock()
        self._rest_if_due()
        self.end_turn()

    def pause(self) -> None:
        """Let the market stand still; orders are taken all the same, and fill against what is shown."""
        self.tempo.playing = False
        self.tempo.until = None
        self._stop_clock()
        self.on_pause()

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _rest_if_due(self) -> None:
        if self.tempo.playing and (self.market.is_over or self.tempo.reached(self.market_now())):
            self.pause()

    def _needs_clock(self) -> bool:
        if not self.tempo.playing:
            return False
        return (
            self.market.is_recorded
            or self.tempo.until is not None
            or self.feed.busy
            or self.desk.busy
            or any(session.watching.any_account for session in self.clients.values())
        )

    def _schedule(self) -> None:
        self._clock = asyncio.get_running_loop().call_at(self._next_step, self._tick)

    def _tick(self) -> None:
        """Go as many steps as time has passed, at most a few seconds' worth."""
        clock = self._clock
        late = asyncio.get_running_loop().time() - self._next_step
        for _ in range(self.tempo.steps(late)):
            self.advance()
            if self._clock is not clock:
                # It was paused, or told to go on otherwise.
                return
        pace = self.tempo.step_seconds
        self._next_step += pace * (1 + int(late / pace))
        self._clock = None
        if self._needs_clock() and not self._over:
            self._schedule()

    def advance(self) -> None:
        """Go one market step: move the quotes, match the orders, tell the clients."""
        self._roll_day()
        for time in self.market.walk(self.now()):
            self.feed.publish(int(time))
            self.desk.step()
        self.ledger.save_market()
        if self.link.up:
            self._refresh()
        self.end_turn()
        self._rest_if_due()

    def _refresh(self) -> None:
        """Tell those who watch the account what the market made of it."""
        if self.market.step % _REFRESH_STEPS == 0:
            for session in self.clients.values():
                publish_profits(session)
        if self._values_due or self.market.step % (3 * _REFRESH_STEPS) == 0:
            self._values_due = False
            for session in self.clients.values():
                publish_values(session)

    def start(self) -> None:
        """Plan the faults that happen by the clock; needs the loop."""
        self.plan("link-lost")
        self.plan("farm-lost")

    def plan(self, fault: str) -> None:
        """Plan one of them, if it is armed; needs the loop."""
        planned = self.faults.armed(fault)
        if planned is not None:
            (self.link if fault == "link-lost" else self.farm).plan(planned)

    def stop(self) -> None:
        """Cut every client, stop the clock and keep the market as it stands."""
        self._stop_clock()
        if not self._over:
            self.ledger.save_market(whole=True)
            self.end_turn()
        self._over = True
        self.link.stop()
        self.farm.stop()
        self.intake.stop()
        self.reports.stop()
        for connection in list(self.connections):
            connection.abort()


def _market(options: GatewayOptions, seed: int, now: float) -> tuple[Catalogue, Market]:
    """Return what can be traded and its market: the simulated one, or one that was recorded. Raises ReplayError."""
    if options.replay is None:
        catalogue = build_catalogue(calendar_day(now), options.instruments)
        market = Market.of(catalogue, seed)
        market.now = now
        return catalogue, market
    from core.practice.replay_file import ReplayFile
    from core.practice.replay_market import ReplayMarket, with_recorded

    file = ReplayFile(options.replay)
    catalogue = with_recorded(build_catalogue(calendar_day(file.heading.begin), options.instruments), file)
    return catalogue, ReplayMarket(catalogue.instruments, file, catalogue.derived)
