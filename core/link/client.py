"""A desk's or a script's end of the link."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import msgspec

from core.domain.commands import Ack, Command, PlaceOrder
from core.domain.events import Envelope, Snapshot
from core.errors import LinkError
from core.link.noting import note_answered, note_asked, note_lost
from core.link.pages import join
from core.link.paths import check_length
from core.link.retire import other_build
from core.link.sockets import peer_uid
from core.link.stream import EventStream
from core.link.wire import (
    BUILD,
    HELLO_TIMEOUT_S,
    AskSnapshot,
    EventBatch,
    FrameReader,
    FromCore,
    Gap,
    Hello,
    Refusal,
    Reply,
    Request,
    SnapshotPage,
    Subscribe,
    Welcome,
    core_decoder,
    frame,
    schema_digest,
)
from core.text import clean

_logger = logging.getLogger(__name__)

_GONE = "Core is gone"
_CLOSED = "This link was closed"
_REPLACED = "Another reader follows the events of this link now."
_GAP = "Core no longer has the events that follow. Take a snapshot and go on from its number."


class SocketClient:
    """Implements `core.api.DeskClient` over a Unix socket. Made by `attach`."""

    def __init__(self, protocol: _Protocol, welcome: Welcome) -> None:
        self._protocol = protocol
        self.welcome = welcome
        """Who core said it is."""

    @classmethod
    async def attach(cls, path: Path, client_name: str, timeout: float = HELLO_TIMEOUT_S) -> SocketClient:
        """Attach within `timeout` seconds to the core that listens at `path`; `client_name` is for people (`desk`).

        Raises LinkError if nobody listens there, if it is another user, another build, or doesn't answer in time.
        """
        check_length(path)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, protocol = await loop.create_unix_connection(lambda: _Protocol(path), str(path))
                try:
                    return cls(protocol, await protocol.greet(client_name))
                except BaseException:
                    protocol.close()
                    raise
        except TimeoutError:
            raise LinkError(f"Core didn't answer within {timeout:g} s at {path}. End it and start again.") from None
        except FileNotFoundError:
            raise LinkError(f"No core is running: there is no socket {path}. Start one with ibdesk.") from None
        except ConnectionRefusedError:
            raise LinkError(f"Core has ended: nobody listens at {path}. Start one with ibdesk.") from None
        except OSError as error:
            raise LinkError(f"Core can't be reached at {path}: {error.strerror}.") from error

    @property
    def session(self) -> str:
        """This run of core."""
        return self.welcome.session

    @property
    def instance(self) -> str:
        """The journal's instance, for minting order references."""
        return self.welcome.instance

    @property
    def name(self) -> str:
        """The name under which core knows this client."""
        return self.welcome.client

    async def send(self, command: Command) -> Ack:
        """Have core do something; returns when core has answered.

        Raises LinkError if the link broke first: the outcome is then unknown until the order_ref is looked up.
        """
        note_asked(_logger, command, self.name)
        began = time.perf_counter()
        try:
            reply = await self._protocol.ask(command)
            if reply.ack is None:
                raise LinkError("Core answered a command with something else. Restart core and this desk.")
        except LinkError as error:
            note_lost(_logger, command, self.name, str(error))
            raise
        note_answered(_logger, command, self.name, reply.ack, time.perf_counter() - began)
        return reply.ack

    async def snapshot(self) -> Snapshot:
        """Everything as it stands, its pages joined. Raises LinkError."""
        reply = await self._protocol.ask(AskSnapshot())
        if reply.snapshot is None:
            raise LinkError("Core answered without a snapshot. Restart core and this desk.")
        return reply.snapshot

    def events(self, after: int | None = None) -> AsyncIterator[Envelope]:
        """Follow events from a snapshot's number on (None: from now on), asked for at once. One reader a link.

        A second call ends the first one's iterator with LinkError. It ends when the client is closed, and raises
        LinkError when the link breaks or when `after` is too far back: then a snapshot is needed.
        """
        return self._protocol.follow(after)

    async def close(self) -> None:
        """Detach; what still waits for an answer gets LinkError."""
        self._protocol.close()
        await self._protocol.gone


class _Protocol(asyncio.Protocol):
    """The socket: requests that wait for their replies, and the stream of events."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self._reader = FrameReader()
        self._welcome: asyncio.Future[Welcome] = self._loop.create_future()
        self._waiting: dict[int, tuple[asyncio.Future[Reply], str]] = {}
        self._pages: dict[int, list[SnapshotPage]] = {}
        self._last_id = 0
        self._stream: EventStream | None = None
        self._subscribing: tuple[int, EventStream] | None = None
        self._lost = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    async def greet(self, client_name: str) -> Welcome:
        """Say Hello and wait for the Welcome. Raises LinkError."""
        connection: socket.socket = self._transport.get_extra_info("socket")
        if peer_uid(connection) != os.getuid():
            raise LinkError("Another user listens on core's socket; nothing was sent. Remove its folder.")
        self._write(Hello(build=BUILD, schema_digest=schema_digest(), client_name=client_name))
        return await self._welcome

    async def ask(self, body: Command | AskSnapshot) -> Reply:
        """Send a request and wait for its reply. Raises LinkError."""
        if self._lost:
            raise LinkError(f"{self._lost} Nothing was sent.")
        self._last_id += 1
        request_id = self._last_id
        reply: asyncio.Future[Reply] = self._loop.create_future()
        self._waiting[request_id] = reply, _unknown(body)
        try:
            self._write(Request(id=request_id, body=body))
            return await reply
        finally:
            self._waiting.pop(request_id, None)
            self._pages.pop(request_id, None)

    def follow(self, after: int | None) -> EventStream:
        """Subscribe and return the stream; it counts from core's answer on."""
        stream = EventStream()
        if self._lost:
            stream.fail(LinkError(self._lost))
            return stream
        for former in (self._stream, self._subscribing and self._subscribing[1]):
            if former:
                former.fail(LinkError(_REPLACED))
        self._last_id += 1
        self._subscribing = self._last_id, stream
        self._write(Request(id=self._last_id, body=Subscribe(after=after)))
        return stream

    def close(self) -> None:
        """Our own end of it: the stream ends without an error."""
        if not self._lost:
            self._end(f"{_CLOSED}.", error=False)
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._reader.feed(data):
                self._handle(core_decoder().decode(message))
        except msgspec.MsgspecError as error:
            self._end(f"{_GONE}: what it said can't be read ({error}). Restart core and this desk.")
        except LinkError as error:
            self._end(f"{_GONE}: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        why = f" ({exc.strerror})" if isinstance(exc, OSError) and exc.strerror else ""
        self._end(f"{_GONE}: the link broke{why}.")
        if not self.gone.done():
            self.gone.set_result(None)

    def _handle(self, message: FromCore) -> None:
        match message:
            case EventBatch(envelopes=envelopes):
                if self._stream is not None:
                    for envelope in envelopes:
                        self._stream.publish(envelope)
            case Reply():
                self._on_reply(message)
            case SnapshotPage(id=number):
                # Of a snapshot that nobody waits for any more nothing is kept.
                if number in self._waiting:
                    self._pages.setdefault(number, []).append(message)
            case Gap(id=number):
                if self._subscribing is not None and self._subscribing[0] == number:
                    self._subscribing[1].fail(LinkError(_GAP))
                    self._subscribing = None
            case Welcome():
                if not self._welcome.done():
                    self._welcome.set_result(message)
            case Refusal():
                self._on_refusal(message)

    def _on_reply(self, reply: Reply) -> None:
        if self._subscribing is not None and self._subscribing[0] == reply.id:
            self._stream = self._subscribing[1]
            self._subscribing = None
            return
        waiting, _ = self._waiting.get(reply.id, (None, ""))
        pages = self._pages.pop(reply.id, None)
        if pages and reply.snapshot is not None:
            reply = Reply(id=reply.id, snapshot=join(pages, reply.snapshot))
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    def _on_refusal(self, refusal: Refusal) -> None:
        if refusal.other_build and not self._welcome.done():
            self._welcome.set_exception(other_build(refusal, self._path))
            # A Hello that was given up on has nobody left to hear it.
            self._welcome.exception()
        self._end(clean(refusal.reason))

    def _write(self, message: Hello | Request) -> None:
        self._transport.write(frame(message))

    def _end(self, reason: str, *, error: bool = True) -> None:
        """No more answers come. The first reason stands."""
        if self._lost:
            return
        self._lost = reason
        self._transport.close()
        if not self._welcome.done():
            self._welcome.set_exception(LinkError(reason))
            # A Hello that was given up on has nobody left to hear it.
            self._welcome.exception()
        for reply, unknown in self._waiting.values():
            if not reply.done():
                reply.set_exception(LinkError(f"{reason} {unknown}"))
        for stream in (self._stream, self._subscribing and self._subscribing[1]):
            if stream and error:
                stream.fail(LinkError(reason))
            elif stream:
                stream.finish()


def _unknown(body: Command | AskSnapshot) -> str:
    """What to tell whoever waits for an answer that never comes."""
    if isinstance(body, AskSnapshot):
        return "Attach again."
    if isinstance(body, PlaceOrder):
        reference: str | None = body.request.order_ref
    else:
        reference = getattr(body, "order_ref", None)
    if reference is None:
        return "Whether the command was done is not known: attach again and look."
    return f"Whether the order was sent is not known: attach again and look for {reference}; don't send it again."
