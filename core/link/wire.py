"""What travels on the socket: msgpack messages, each behind its length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256

import msgspec
from msgspec import Struct

from core.domain.commands import Ack, Command
from core.domain.connection import Mode
from core.domain.events import Envelope, Snapshot, StateEvent, StreamEvent
from core.domain.executions import Execution
from core.domain.instruments import Instrument
from core.domain.orders import Order
from core.domain.positions import Position
from core.domain.quotes import Quote
from core.errors import LinkError

BUILD = "0.1.0"
"""The version of ibdesk, as pyproject.toml has it."""

FRAME_CAP = 16 << 20
"""The longest message in bytes; a longer one is a fault and ends the link."""

HELLO_TIMEOUT_S = 5.0
"""How long either side waits for the other's first message."""

_LENGTH_BYTES = 4


class Hello(Struct, frozen=True, kw_only=True, tag="hello"):
    """A client's first message. Its fields stay as they are for ever, so that every build can refuse every other."""

    build: str
    schema_digest: str
    client_name: str
    """What kind of client it is, for people: `desk`, `cli`."""


class Welcome(Struct, frozen=True, kw_only=True, tag="welcome"):
    """Core's answer to a Hello that fits."""

    session: str
    instance: str
    profile: str
    mode: Mode
    endpoint: str
    """Where the gateway is, as a person writes it."""
    pid: int
    """Of core."""
    client: str = ""
    """The name under which core knows this client: no other has it."""


class Refusal(Struct, frozen=True, kw_only=True, tag="refusal", omit_defaults=True):
    """Core ends the link, at once or after a while; the last message. Its fields stay as they are for ever."""

    reason: str
    """For a person: the fact and what to do next."""
    other_build: bool = False
    """True if core is of another build: it may be asked to `Retire`."""
    working: int = 0
    """With `other_build`: orders of ours that have not ended."""
    in_flight: int = 0
    """With `other_build`: those of them that hang on an answer, or whose outcome is not known."""


class Retire(Struct, frozen=True, kw_only=True, tag="retire"):
    """In place of a Hello, from a client of any build: end, so that another build can take over.

    Its fields stay as they are for ever. Answered by `Retiring` or by a `Refusal`.
    """

    client_name: str
    accepted_in_flight: int
    """How many orders in flight a person was told of and takes into account; with more core refuses."""


class Retiring(Struct, frozen=True, kw_only=True, tag="retiring"):
    """Core ends: the answer to `Retire`. Its fields stay as they are for ever."""

    pid: int
    """Of core."""


class AskSnapshot(Struct, frozen=True, tag="ask_snapshot"):
    """Everything as it stands, please."""


class Subscribe(Struct, frozen=True, kw_only=True, tag="subscribe"):
    """Events from now on, please; before them the facts after a number."""

    after: int | None
    """None for no old facts."""


class Request(Struct, frozen=True, kw_only=True, tag="request"):
    """Something that a client wants; answered by one Reply or one Gap."""

    id: int
    """The client's own number for it."""
    body: Command | AskSnapshot | Subscribe


class SnapshotPage(Struct, frozen=True, kw_only=True, tag="snapshot_page", omit_defaults=True):
    """A part of a snapshot too long for one message; the rest comes with the Reply to the same request."""

    id: int
    instruments: tuple[Instrument, ...] = ()
    quotes: tuple[Quote, ...] = ()
    orders: tuple[Order, ...] = ()
    executions: tuple[Execution, ...] = ()
    positions: tuple[Position, ...] = ()


class Reply(Struct, frozen=True, kw_only=True, tag="reply", omit_defaults=True):
    """The answer to one Request: to a command `ack`, to AskSnapshot `snapshot`, to Subscribe neither.

    Pages that came before belong to the front of the snapshot's rows.
    """

    id: int
    ack: Ack | None = None
    snapshot: Snapshot | None = None


class Gap(Struct, frozen=True, kw_only=True, tag="gap"):
    """The answer to a Subscribe that reaches too far back: take a snapshot."""

    id: int


class EventBatch(Struct, frozen=True, kw_only=True, tag="events"):
    """Events in their order."""

    envelopes: tuple[Envelope, ...]


FromClient = Hello | Request | Retire
"""What core reads."""

FromCore = Welcome | Refusal | Retiring | SnapshotPage | Reply | Gap | EventBatch
"""What a client reads."""

_encode = msgspec.msgpack.Encoder().encode


@cache
def client_decoder() -> msgspec.msgpack.Decoder[FromClient]:
    """Decodes what clients send."""
    return msgspec.msgpack.Decoder(FromClient)


@cache
def core_decoder() -> msgspec.msgpack.Decoder[FromCore]:
    """Decodes what core sends."""
    return msgspec.msgpack.Decoder(FromCore)


def frame(message: FromClient | FromCore) -> bytes:
    """A message with its length. Raises LinkError if it is longer than FRAME_CAP."""
    body = _encode(message)
    if len(body) > FRAME_CAP:
        raise LinkError(f"A message of {len(body):,} bytes doesn't fit the link (at most {FRAME_CAP:,}).")
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


def state_frame(session: str, events: Iterable[StateEvent | StreamEvent]) -> bytes:
    """Events that have no number as one message with its length."""
    return frame(EventBatch(envelopes=tuple(Envelope(session=session, number=None, event=event) for event in events)))


class FrameReader:
    """Cuts a stream of bytes into messages."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that are complete with `data`, still encoded. Raises LinkError for one longer than FRAME_CAP."""
        buffer = self._buffer
        buffer += data
        start = 0
        try:
            while len(buffer) - start >= _LENGTH_BYTES:
                body = start + _LENGTH_BYTES
                length = int.from_bytes(buffer[start:body], "big")
                if length > FRAME_CAP:
                    raise LinkError(f"A message of {length:,} bytes was announced; at most {FRAME_CAP:,} are read.")
                if len(buffer) - body < length:
                    break
                start = body + length
                yield bytes(buffer[body:start])
        finally:
            del buffer[:start]


@cache
def schema_digest() -> str:
    """16 hexadecimal digits that change with the name, a field or a member of any type that travels."""
    from core.link import shapes

    return sha256("\n".join(shapes.describe()).encode()).hexdigest()[:16]
