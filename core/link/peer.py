"""One client, as core's end of the link sees it."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections import deque
from collections.abc import Collection, Coroutine, Sequence
from typing import Protocol, cast

import msgspec
from msgspec.structs import replace

from core.domain.commands import (
    AskBars,
    CancelEntries,
    CancelOrder,
    ClosePosition,
    Combine,
    Command,
    Kill,
    OpenStream,
    PlaceOrder,
    Reconnect,
    SearchSymbols,
    Watch,
)
from core.domain.events import Envelope, Snapshot
from core.errors import LinkError
from core.link import pages
from core.link.foreign import refused
from core.link.noting import note_answered, note_came
from core.link.outbox import Outbox
from core.link.sockets import peer_uid
from core.link.stream_sender import StreamSender
from core.link.tenure import Tenure, more_in_flight, other_build
from core.link.wire import (
    BUILD,
    AskSnapshot,
    EventBatch,
    FrameReader,
    FromClient,
    Gap,
    Hello,
    Refusal,
    Reply,
    Request,
    Retire,
    Retiring,
    Subscribe,
    Welcome,
    client_decoder,
    frame,
    schema_digest,
)
from core.ports import DeskHost
from core.text import clean

_CUT_S = 1.0
"""How long a client that is cut may take to read why."""
_SETTLE_S = 5.0
"""How long a snapshot waits at most for commands of clients that are gone: a disk that hangs must not blind a desk."""
_MAX_QUEUED = 256
"""Commands of one client that may wait; while they do, no more is read from it."""
_BATCH = 256
"""Old facts in one message."""
_NAME_CHARS = 32

_SLOW = (SearchSymbols, Watch, Combine, OpenStream, AskBars, Reconnect)
"""Commands that wait for the broker: they run beside the others, so that no order and no cancel waits behind one."""

_logger = logging.getLogger(__name__)


class Room(Protocol):
    """The server, as its peers see it."""

    @property
    def host(self) -> DeskHost:
        """Who carries out the commands."""

    def welcome(self) -> Welcome:
        """Who core is, now."""

    @property
    def tenure(self) -> Tenure:
        """Who decides how long core runs."""

    @property
    def is_ending(self) -> bool:
        """True once no client is taken any more."""

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold on to a task until it is done."""

    def came(self, peer: Peer) -> None:
        """A connection was made."""

    def attached(self, client_name: str) -> str:
        """A client said Hello; returns the name under which the host knows it, which no other connection has."""

    def reads(self, peer: Peer) -> None:
        """It wants events from now on."""

    def left(self, peer: Peer) -> None:
        """Its connection is closed."""

    def left_behind(self) -> Collection[asyncio.Task[None]]:
        """Commands of clients that are gone, which still run."""


class Peer(asyncio.Protocol):
    """One connection: Hello first, then requests; commands one after another, in the order of their arrival.

    Commands that arrived whole are carried out even if their client is gone by then.
    """

    def __init__(self, room: Room, hello_timeout: float) -> None:
        self.name = ""
        """Under which the host knows it; empty until it said Hello."""
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once the connection is closed."""
        self._room = room
        self._hello_timeout = hello_timeout
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader()
        self._commands: deque[tuple[int, Command]] = deque()
        self._running = False
        self._cut = False
        self._catching_up: asyncio.Task[None] | None = None
        self.work: asyncio.Task[None] | None = None
        """Carries out its commands in their order; None before the first."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let nobody in but our own user, and nobody who doesn't say Hello in time."""
        self._transport = cast("asyncio.Transport", transport)
        self.outbox = Outbox(self._transport, self._room.host.session, self.cut)
        self._streams = StreamSender(self.outbox, self._room.host.session)
        self._room.came(self)
        self._hello = self._loop.call_later(self._hello_timeout, self.cut, "No Hello came; the link is closed.")
        connection: socket.socket = transport.get_extra_info("socket")
        try:
            foreign = peer_uid(connection) != os.getuid()
        except OSError:
            foreign = True
        if foreign:
            self.cut("Core belongs to another user. Start your own.")

    def connection_lost(self, exc: Exception | None) -> None:
        """Its end, for whatever reason."""
        self._cut = True
        self._hello.cancel()
        self.outbox.end()
        self._streams.end()
        if self._catching_up is not None:
            self._catching_up.cancel()
        self._room.left(self)
        if not self.gone.done():
            self.gone.set_result(None)

    def pause_writing(self) -> None:
        """It doesn't keep up with reading."""
        self.outbox.pause()

    def resume_writing(self) -> None:
        """It reads again."""
        self.outbox.resume()
        self._streams.go_on()

    def cut(self, reason: str) -> None:
        """End the connection; the client is told why if it still reads."""
        self._refuse(Refusal(reason=reason))

    def _refuse(self, refusal: Refusal) -> None:
        if not self._cut:
            self._cut = True
            _logger.info("%s is cut: %s", self.name or "a client", refusal.reason)
            self.outbox.close(frame(refusal))
            self._transport.close()
            self._loop.call_later(_CUT_S, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Whatever the socket had."""
        try:
            for message in self._reader.feed(data):
                if self._cut:
                    return
                self._handle(client_decoder().decode(message))
        except msgspec.MsgspecError as error:
            self.cut(f"Core can't read this client's message: {clean(str(error))}. The link is closed.")
        except LinkError as error:
            self.cut(f"{error} The link is closed.")

    def _handle(self, message: FromClient) -> None:
        match message:
            case Hello() if not self.name:
                self._greet(message)
            case Retire() if not self.name:
                self._retire(message)
            case Request() if self.name:
                self._answer(message)
            case _:
                self.cut("The first message must be a Hello, and only the first. The link is closed.")

    def _greet(self, hello: Hello) -> None:
        if self._room.is_ending:
            self.cut("Core has ended.")
            return
        if (hello.build, hello.schema_digest) != (BUILD, schema_digest()):
            fact = (
                f"Core runs ibdesk {BUILD} ({schema_digest()[:6]}), this {clean(hello.client_name, _NAME_CHARS)} is "
                f"{clean(hello.build, _NAME_CHARS)} ({clean(hello.schema_digest)[:6]})."
            )
            self._refuse(other_build(fact, self._room.tenure.standing()))
            return
        name = clean(hello.client_name, _NAME_CHARS).strip()
        if not name:
            # Every connection would count as another client, for its name would be its number alone.
            self.cut("A client says in its Hello what it is called, and this one has no name. The link is closed.")
            return
        self._hello.cancel()
        self.name = self._room.attached(name)
        self._room.host.streams_to(self.name, self._streams.hear)
        self.outbox.send(frame(replace(self._room.welcome(), client=self.name)), now=True)

    def _retire(self, asked: Retire) -> None:
        """End core for a client of any build, unless more is in flight than a person knows of."""
        self._hello.cancel()
        standing = self._room.tenure.standing()
        if standing.in_flight > asked.accepted_in_flight:
            self._refuse(more_in_flight(standing))
            return
        self.outbox.send(frame(Retiring(pid=os.getpid())), now=True)
        self._room.tenure.retire(clean(asked.client_name, _NAME_CHARS))

    def _answer(self, request: Request) -> None:
        match request.body:
            case AskSnapshot() if self._room.left_behind():
                self._start(self._show_settled(request.id))
            case AskSnapshot():
                self._show(request.id, self._room.host.snapshot())
            case Subscribe(after=after):
                self._subscribe(request.id, after)
            case Kill() as command:
                # Nothing that this client or another asked for goes before it, not even a turn of the loop.
                ack = self._room.host.kill(command, self.name)
                self.outbox.send(frame(Reply(id=request.id, ack=ack)), now=True)
            case CancelEntries() as command:
                self._call_off(command)
                self._start(self._carry_out(request.id, command))
            case command if (refusal := refused(command)) is not None:
                self.outbox.send(frame(Reply(id=request.id, ack=refusal)), now=True)
            case command if isinstance(command, _SLOW) or self._is_free_cancel(command):
                self._start(self._carry_out(request.id, command))
            case command:
                self._commands.append((request.id, command))
                if not self._running:
                    self._running = True
                    self.work = self._loop.create_task(self._work())
                    self._room.keep(self.work)
                elif len(self._commands) >= _MAX_QUEUED:
                    self._transport.pause_reading()

    def _is_free_cancel(self, command: Command | AskSnapshot | Subscribe) -> bool:
        """True for a cancel that nothing holds back: not the command that runs, only orders of its own still queued."""
        if not isinstance(command, CancelOrder):
            return False
        return all(_order_ref_of(queued) != command.order_ref for _, queued in self._commands)

    def _call_off(self, by: CancelEntries) -> None:
        """Have entries that still wait here never sent: they would leave after the word that cancels them."""
        kept: deque[tuple[int, Command]] = deque()
        for request_id, command in self._commands:
            ack = self._room.host.call_off(command, by)
            if ack is None:
                kept.append((request_id, command))
            else:
                self.outbox.send(frame(Reply(id=request_id, ack=ack)), now=True)
        self._commands = kept
        if len(kept) < _MAX_QUEUED // 2 and not self._cut:
            self._transport.resume_reading()

    def _subscribe(self, request_id: int, after: int | None) -> None:
        """Events from now on; facts that are no longer in memory are read from the journal first."""
        if self._catching_up is not None:
            self._catching_up.cancel()
        facts = () if after is None else self._room.host.facts_after(after)
        if facts is None and after is not None:
            self._catching_up = self._loop.create_task(self._catch_up(request_id, after))
            self._room.keep(self._catching_up)
            return
        self.outbox.send(frame(Reply(id=request_id)))
        self._join_readers(facts or ())

    def _join_readers(self, facts: Sequence[Envelope]) -> None:
        """Old facts and the place among the readers in one turn of the loop, so that nothing falls between them."""
        self._send_facts(facts)
        self._room.reads(self)
        self._streams.begin()

    async def _catch_up(self, request_id: int, after: int) -> None:
        """Facts from the journal, page by page as the client reads them, until memory has the rest."""
        host, number, told = self._room.host, after, False
        while (facts := host.facts_after(number)) is None:
            page = await host.facts_recorded(number)
            if page is None and told:
                self.cut("Core can't read the events that follow from its journal. Attach again and take a snapshot.")
                return
            if page is None:
                self.outbox.send(frame(Gap(id=request_id)), now=True)
                return
            if not told:
                told = True
                self.outbox.send(frame(Reply(id=request_id)))
            self._send_facts(page.facts)
            number = page.last
            if not await self.outbox.ready():
                return
        self._join_readers(facts)

    def _send_facts(self, facts: Sequence[Envelope]) -> None:
        for start in range(0, len(facts), _BATCH):
            self.outbox.send(frame(EventBatch(envelopes=tuple(facts[start : start + _BATCH]))))
        self.outbox.flush()

    def _show(self, request_id: int, snapshot: Snapshot) -> None:
        """An ordinary snapshot in one message, at once; a long one in pages, between which core does its work."""
        if pages.rows(snapshot) <= pages.PAGE_ROWS:
            self.outbox.send(frame(Reply(id=request_id, snapshot=snapshot)), now=True)
        else:
            self._start(self._show_pages(request_id, snapshot))

    async def _show_settled(self, request_id: int) -> None:
        """Who lost the link after Enter looks here for the order: what is not in the snapshot must never come."""
        # They may have ended since this was begun.
        if left_behind := self._room.left_behind():
            await asyncio.wait(left_behind, timeout=_SETTLE_S)
        self._show(request_id, self._room.host.snapshot())

    async def _show_pages(self, request_id: int, snapshot: Snapshot) -> None:
        parts, rest = pages.split(snapshot, request_id)
        for part in parts:
            self.outbox.send(frame(part), now=True)
            await asyncio.sleep(0)
            if not await self.outbox.ready():
                return
        self.outbox.send(frame(Reply(id=request_id, snapshot=rest)), now=True)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self._room.keep(self._loop.create_task(work))

    async def _work(self) -> None:
        try:
            while self._commands:
                request_id, command = self._commands.popleft()
                if len(self._commands) < _MAX_QUEUED // 2 and not self._cut:
                    self._transport.resume_reading()
                await self._carry_out(request_id, command)
        finally:
            self._running = False

    async def _carry_out(self, request_id: int, command: Command) -> None:
        try:
            note_came(_logger, command, self.name)
            began = time.perf_counter()
            ack = await self._room.host.execute(command, self.name)
            note_answered(_logger, command, self.name, ack, time.perf_counter() - began)
            self.outbox.send(frame(Reply(id=request_id, ack=ack)), now=True)
        except Exception:
            _logger.exception("a command of %s failed", self.name)
            self.cut(
                "A command failed inside core: whether it was done is not known. See core's log, then attach again."
            )


def _order_ref_of(command: Command) -> str:
    """The order that a command will make; empty if it makes none."""
    match command:
        case PlaceOrder(request=request):
            return request.order_ref
        case ClosePosition(order_ref=order_ref):
            return order_ref
        case _:
            return ""
