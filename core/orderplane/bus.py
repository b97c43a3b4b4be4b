"""The bus between strategies and the order plane: what it must promise, whoever carries the messages.

Intents are delivered at least once to one of the consumers, and again to another one when that one is gone. An intent
is worked on by one message at a time, under a lease that ends by itself: core is told the same end with each order and
takes none after it, so that whoever holds the next lease can rely on what core answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from core.errors import DeskError


class BusError(DeskError):
    """The bus can't be reached or does not do what is asked; the text names its address, without a password."""

    title = "Bus"


class Delivery(NamedTuple):
    """One message of `order_intents`, handed to one consumer."""

    id: str
    """The bus's own; the same at every delivery of the message."""
    body: bytes
    attempts: int = 1
    """How many times it was handed out, this one included."""


class Claim(NamedTuple):
    """The wish to work on an intent."""

    delivery: Delivery
    intent_id: str
    digest: str
    """Of the content (`OrderIntent.digest`)."""
    note: bytes
    """What is to be remembered of the intent: reports are made with it."""


class Standing(StrEnum):
    """What the bus says to a claim."""

    OURS = "OURS"
    """Ours until the lease ends. Another consumer may have worked on it before: core knows what came of that."""
    HELD = "HELD"
    """Another message with the same content is being worked on: ask again later."""
    SETTLED = "SETTLED"
    """Another message with the same content was settled, or this one."""
    OTHER = "OTHER"
    """The intent_id stands for another content."""


class Held(NamedTuple):
    """The answer to a claim."""

    standing: Standing
    note: bytes
    """What was remembered when the intent was first claimed, which stands; for OTHER that of the other content."""
    again: bool = False
    """True if it had been claimed before: core may know its order."""


class Settlement(NamedTuple):
    """The outcome of an intent is known: core has recorded the order, or refused it."""

    delivery: Delivery
    intent_id: str
    reports: tuple[bytes, ...] = ()
    """Published with it; none for an order that core has recorded, whose reports follow its events."""


class Position(NamedTuple):
    """How far core's events have become reports."""

    session: str
    """The run of core whose numbering it was."""
    number: int
    """Of the last fact that was looked at."""


class Progress(NamedTuple):
    """Where reporting goes on."""

    position: Position | None
    """None before any report of this core."""
    tracks: Mapping[str, bytes]
    """What reporting remembers of each order at that position, by order_ref."""


class IntentBus(Protocol):
    """The order plane's side. Every method raises BusError; nothing was done then, or it may be asked again."""

    @property
    def consumer(self) -> str:
        """This consumer's name: no other one has or had it."""

    async def open(self) -> None:
        """Reach the bus and make what is missing there. Raises BusError with the address and what to do."""

    async def take(self, most: int, wait: float) -> Sequence[Delivery]:
        """At most `most` messages for this consumer alone: abandoned ones of others first, then new ones, oldest first.

        Waits at most `wait` seconds for the first. What it hands out stays with this consumer until it is settled,
        set aside, acknowledged or given back, or until this consumer has not called for a while.
        """

    async def hold(self, claims: Sequence[Claim], lease: float) -> Sequence[Held]:
        """Claim intents for `lease` seconds from when the bus reads this; ours again for longer when asked again.

        Any other pair of consumer and message gets the intent only once the lease is over.
        """

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        """For each in one step: publish its reports, mark its intent as settled, acknowledge its message.

        False, and nothing of it done, where another pair of consumer and message has claimed the intent since. True
        again for one that this pair has settled before: its reports are not published twice.
        """

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Done with messages that need nothing: their intents were settled by other ones."""

    async def set_aside(self, delivery: Delivery, reason: str, reports: Sequence[bytes] = ()) -> None:
        """In one step: keep the message with the reason where a person looks, publish reports, acknowledge it."""

    async def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Hand messages to whoever takes next, at once; what is not given back follows when it counts as abandoned."""

    async def notes(self, intent_ids: Sequence[str]) -> Sequence[bytes | None]:
        """What `hold` remembered of each intent; None where the bus has nothing of it."""

    async def progress(self, instance: str) -> Progress:
        """Where reporting on the core with this instance stands."""

    async def publish(
        self,
        instance: str,
        before: Position | None,
        after: Position,
        reports: Sequence[bytes],
        tracks: Mapping[str, bytes | None],
    ) -> Position | None:
        """In one step: publish reports, remember tracks (None forgets one) and that reporting has come to `after`.

        Returns the position that stands then: `after`, or where another consumer was faster that one's, and nothing
        was done.
        """

    async def close(self) -> None:
        """Leave the bus. What was handed out and not settled is abandoned."""


class Aside(NamedTuple):
    """A message that was set aside."""

    id: str
    body: bytes
    reason: str


class StrategyBus(Protocol):
    """A strategy's side, or a desk's that reads reports. Every method raises BusError."""

    async def ask(self, body: bytes) -> str:
        """Put an intent on the bus; returns the message's id. Where it failed, ask with the same intent_id again."""

    def reports(self, after: str = "0") -> AsyncIterator[tuple[str, bytes]]:
        """Every report behind the one with that id, with its own id; waits for more at the end. `0` for all."""

    async def aside(self) -> Sequence[Aside]:
        """Messages that were set aside, oldest first."""

    async def close(self) -> None:
        """Leave the bus."""
