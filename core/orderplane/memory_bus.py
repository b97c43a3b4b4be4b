"""The bus within one process: for tests, and for strategies that run beside the order plane."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence

from msgspec import Struct

from core.ids import mint_ulid
from core.orderplane.bus import Aside, Claim, Delivery, Held, Position, Progress, Settlement, Standing


class _Intent(Struct):
    digest: str
    note: bytes
    owner: tuple[str, str]
    """Consumer and message that work on it, or have settled it."""
    until: float
    settled: bool = False


class _Pending(Struct):
    delivery: Delivery
    consumer: str
    since: float


class MemoryHub:
    """What the consumers and strategies of one bus share. Everything of it ends with the process."""

    def __init__(self, *, abandoned: float = 15.0) -> None:
        """`abandoned`: seconds after which a message that a consumer has not settled goes to another one."""
        self.abandoned = abandoned
        self._count = 0
        self._waiting: deque[Delivery] = deque()
        self._pending: dict[str, _Pending] = {}
        self._intents: dict[str, _Intent] = {}
        self._reports: list[bytes] = []
        self._aside: list[Aside] = []
        self._positions: dict[str, Position] = {}
        self._tracks: dict[str, dict[str, bytes]] = {}
        self._news = asyncio.Condition()

    def consumer(self) -> MemoryBus:
        """A further consumer."""
        return MemoryBus(self)

    async def ask(self, body: bytes) -> str:
        """Implements `StrategyBus`."""
        self._count += 1
        delivery = Delivery(str(self._count), body, attempts=0)
        self._waiting.append(delivery)
        await self._tell()
        return delivery.id

    async def reports(self, after: str = "0") -> AsyncIterator[tuple[str, bytes]]:
        """Implements `StrategyBus`."""
        position = int(after)
        while True:
            async with self._news:
                while len(self._reports) <= position:
                    await self._news.wait()
            for body in self._reports[position:]:
                position += 1
                yield str(position), body

    async def aside(self) -> Sequence[Aside]:
        """Implements `StrategyBus`."""
        return tuple(self._aside)

    async def close(self) -> None:
        """Does nothing: it ends with the process."""

    async def take(self, consumer: str, most: int, wait: float) -> Sequence[Delivery]:
        """As `IntentBus.take`."""
        try:
            async with asyncio.timeout(wait), self._news:
                while not (found := self._take(consumer, most)):
                    await self._news.wait()
                return found
        except TimeoutError:
            # What was abandoned meanwhile.
            return self._take(consumer, most)

    def _take(self, consumer: str, most: int) -> Sequence[Delivery]:
        now = asyncio.get_running_loop().time()
        late = [one for one in self._pending.values() if now - one.since > self.abandoned and one.consumer != consumer]
        found = [one.delivery for one in late[:most]]
        while self._waiting and len(found) < most:
            found.append(self._waiting.popleft())
        found = [one._replace(attempts=one.attempts + 1) for one in found]
        for one in found:
            self._pending[one.id] = _Pending(one, consumer, now)
        return found

    def hold(self, consumer: str, claim: Claim, lease: float) -> Held:
        """As `IntentBus.hold`, for one."""
        now = asyncio.get_running_loop().time()
        owner = consumer, claim.delivery.id
        known = self._intents.get(claim.intent_id)
        if known is None:
            self._intents[claim.intent_id] = _Intent(claim.digest, claim.note, owner, now + lease)
            return Held(Standing.OURS, claim.note)
        if known.digest != claim.digest:
            return Held(Standing.OTHER, known.note, again=True)
        if known.settled:
            return Held(Standing.SETTLED, known.note, again=True)
        if known.owner != owner and now < known.until:
            return Held(Standing.HELD, known.note, again=True)
        known.owner, known.until = owner, now + lease
        return Held(Standing.OURS, known.note, again=True)

    async def settle(self, consumer: str, one: Settlement) -> bool:
        """As `IntentBus.settle`, for one."""
        known = self._intents.get(one.intent_id)
        if known is None or known.owner != (consumer, one.delivery.id):
            return False
        if not known.settled:
            known.settled = True
            await self.done(one.delivery, one.reports)
        return True

    async def done(self, delivery: Delivery, reports: Sequence[bytes] = (), aside: str | None = None) -> None:
        """Acknowledge a message, publish, and set it aside for the reason `aside` unless that is None."""
        if self._pending.pop(delivery.id, None) is not None and aside is not None:
            self._aside.append(Aside(delivery.id, delivery.body, aside))
        self._reports += reports
        await self._tell()

    async def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """As `IntentBus.give_back`."""
        for one in reversed(deliveries):
            if self._pending.pop(one.id, None) is not None:
                self._waiting.appendleft(one)
        await self._tell()

    def notes(self, intent_ids: Sequence[str]) -> Sequence[bytes | None]:
        """As `IntentBus.notes`."""
        found = [self._intents.get(intent_id) for intent_id in intent_ids]
        return [None if one is None else one.note for one in found]

    def progress(self, instance: str) -> Progress:
        """As `IntentBus.progress`."""
        return Progress(self._positions.get(instance), dict(self._tracks.get(instance, {})))

    async def publish(
        self,
        instance: str,
        before: Position | None,
        after: Position,
        reports: Sequence[bytes],
        tracks: Mapping[str, bytes | None],
    ) -> Position | None:
        """As `IntentBus.publish`."""
        standing = self._positions.get(instance)
        if standing != before:
            return standing
        self._positions[instance] = after
        kept = self._tracks.setdefault(instance, {})
        for order_ref, track in tracks.items():
            if track is None:
                kept.pop(order_ref, None)
            else:
                kept[order_ref] = track
        self._reports += reports
        await self._tell()
        return after

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


class MemoryBus:
    """One consumer of a hub. Implements `IntentBus`."""

    def __init__(self, hub: MemoryHub) -> None:
        """Made by `MemoryHub.consumer`."""
        self._hub = hub
        self._consumer = mint_ulid()

    @property
    def consumer(self) -> str:
        """This consumer's name."""
        return self._consumer

    async def open(self) -> None:
        """Nothing to reach."""

    async def take(self, most: int, wait: float) -> Sequence[Delivery]:
        """Implements `IntentBus`."""
        return await self._hub.take(self._consumer, most, wait)

    async def hold(self, claims: Sequence[Claim], lease: float) -> Sequence[Held]:
        """Implements `IntentBus`."""
        return [self._hub.hold(self._consumer, claim, lease) for claim in claims]

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        """Implements `IntentBus`."""
        return [await self._hub.settle(self._consumer, one) for one in settlements]

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Implements `IntentBus`."""
        for one in deliveries:
            await self._hub.done(one)

    async def set_aside(self, delivery: Delivery, reason: str, reports: Sequence[bytes] = ()) -> None:
        """Implements `IntentBus`."""
        await self._hub.done(delivery, reports, reason)

    async def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Implements `IntentBus`."""
        await self._hub.give_back(deliveries)

    async def notes(self, intent_ids: Sequence[str]) -> Sequence[bytes | None]:
        """Implements `IntentBus`."""
        return self._hub.notes(intent_ids)

    async def progress(self, instance: str) -> Progress:
        """Implements `IntentBus`."""
        return self._hub.progress(instance)

    async def publish(
        self,
        instance: str,
        before: Position | None,
        after: Position,
        reports: Sequence[bytes],
        tracks: Mapping[str, bytes | None],
    ) -> Position | None:
        """Implements `IntentBus`."""
        return await self._hub.publish(instance, before, after, reports, tracks)

    async def close(self) -> None:
        """Implements `IntentBus`."""
