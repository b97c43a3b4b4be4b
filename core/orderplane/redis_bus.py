"""The bus on Redis or Valkey Streams, for strategies and order planes in several processes and on several hosts.

`order_intents` and `exec_reports` are streams with one field, `body`. A message of the first stays in it until the
outcome of its intent is known. What the scripts do is done whole or not at all, also when the server is killed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from msgspec import convert

from core.ids import mint_ulid
from core.orderplane import redis_scripts as scripts
from core.orderplane.bus import (
    Aside,
    BusError,
    Claim,
    Delivery,
    Held,
    Position,
    Progress,
    Settlement,
    Standing,
)
from core.orderplane.redis_link import RedisLink, Value

INTENTS, REPORTS = "order_intents", "exec_reports"
ASIDE = "order_intents:aside"
_ALIVE = "order_intents:alive"
_INTENT = "order_intents:intent:"
_POSITION = "exec_reports:position:"
_TRACKS = "exec_reports:tracks:"
_GROUP = "order_plane"
_NEVER_ALIVE = "given back"

KEEP_SECONDS = 30 * 86_400
"""How long the bus knows an intent after its last word; core knows its order for ever."""
REPORTS_KEPT = 1_000_000
"""Older reports are dropped; core's journal has what they said."""
MOST_WAITING = 100_000
"""Intents that may wait for an outcome before a strategy is told to wait."""
_LONGEST_WAIT = 5.0
"""Seconds of one wait on the server: well below what counts as no answer."""


class RedisBus:
    """One consumer. Implements `IntentBus`."""

    def __init__(self, url: str, *, abandoned: float = 15.0) -> None:
        """Nothing is reached before `open`.

        Args:
            url: As of `RedisLink`.
            abandoned: Seconds without a word of a consumer after which its messages go to others.
        """
        self._link = RedisLink(url)
        self._abandoned = abandoned
        self._consumer = mint_ulid()
        self._mine: set[str] = set()
        self._lost_answer = False
        """True while something may have been handed out that never arrived here."""
        self._claim_abandoned = self._link.script(scripts.CLAIM_ABANDONED)
        self._hold = self._link.script(scripts.HOLD)
        self._settle = self._link.script(scripts.SETTLE)
        self._acknowledge = self._link.script(scripts.ACKNOWLEDGE)
        self._set_aside = self._link.script(scripts.SET_ASIDE)
        self._give_back = self._link.script(scripts.GIVE_BACK)
        self._publish = self._link.script(scripts.PUBLISH)

    @property
    def consumer(self) -> str:
        """This consumer's name."""
        return self._consumer

    async def open(self) -> None:
        """Implements `IntentBus`."""
        await self._link.check()
        await self._make_group()

    async def take(self, most: int, wait: float) -> Sequence[Delivery]:
        """Implements `IntentBus`; a server that has lost its memory is given a group of consumers again."""
        try:
            found = await self._take(most, min(wait, _LONGEST_WAIT))
        except BaseException as error:
            self._lost_answer = True
            if not (isinstance(error, BusError) and "NOGROUP" in str(error)):
                raise
            await self._make_group()
            found = await self._take(most, 0)
        self._mine.update(one.id for one in found)
        return found

    async def _take(self, most: int, wait: float) -> list[Delivery]:
        found = await self._overlooked(most) if self._lost_answer else []
        if len(found) < most:
            arguments = (_GROUP, self._consumer, most - len(found), _ms(self._abandoned))
            claimed = await self._link.run(self._claim_abandoned, (INTENTS, _ALIVE), arguments)
            found += [_delivery(one) for one in claimed]
        if len(found) < most:
            found += await self._new(most - len(found), 0 if found else wait)
        self._lost_answer = False
        return found

    async def _overlooked(self, most: int) -> list[Delivery]:
        """What the server believes to have handed to us, and we have not got."""
        held = await self._read(most + len(self._mine), 0, "0")
        return [one._replace(attempts=2) for one in held if one.id not in self._mine][:most]

    async def _new(self, most: int, wait: float) -> list[Delivery]:
        return await self._read(most, wait, ">")

    async def _read(self, most: int, wait: float, after: str) -> list[Delivery]:
        waiting: tuple[Value, ...] = ("BLOCK", _ms(wait)) if wait > 0 else ()
        answer = await self._link.ask(
            "XREADGROUP", "GROUP", _GROUP, self._consumer, "COUNT", most, *waiting, "STREAMS", INTENTS, after
        )
        return [Delivery(name, fields[b"body"]) for name, fields in _streamed(answer) if b"body" in fields]

    async def _make_group(self) -> None:
        try:
            await self._link.ask("XGROUP", "CREATE", INTENTS, _GROUP, "0", "MKSTREAM")
        except BusError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def hold(self, claims: Sequence[Claim], lease: float) -> Sequence[Held]:
        """Implements `IntentBus`."""
        arguments: list[Value] = [_INTENT, self._consumer, _ms(lease), _ms(KEEP_SECONDS)]
        for claim in claims:
            arguments += claim.delivery.id, claim.intent_id, claim.digest, claim.note
        return [_held(one) for one in await self._link.run(self._hold, (_ALIVE,), arguments)]

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        """Implements `IntentBus`."""
        arguments: list[Value] = [_GROUP, _INTENT, self._consumer, _ms(KEEP_SECONDS), REPORTS_KEPT]
        for one in settlements:
            arguments += one.delivery.id, one.intent_id, len(one.reports), *one.reports
        answers = await self._link.run(self._settle, (INTENTS, REPORTS, _ALIVE), arguments)
        settled = [answer == 1 for answer in answers]
        self._mine -= {one.delivery.id for one, ours in zip(settlements, settled, strict=True) if ours}
        return settled

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Implements `IntentBus`."""
        ids = [one.id for one in deliveries]
        await self._link.run(self._acknowledge, (INTENTS,), (_GROUP, *ids))
        self._mine.difference_update(ids)

    async def set_aside(self, delivery: Delivery, reason: str, reports: Sequence[bytes] = ()) -> None:
        """Implements `IntentBus`."""
        arguments: list[Value] = [_GROUP, delivery.id, delivery.body, reason, REPORTS_KEPT, *reports]
        await self._link.run(self._set_aside, (INTENTS, REPORTS, ASIDE), arguments)
        self._mine.discard(delivery.id)

    async def give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Implements `IntentBus`."""
        ids = [one.id for one in deliveries]
        await self._link.run(self._give_back, (INTENTS, _ALIVE), (_GROUP, self._consumer, _NEVER_ALIVE, *ids))
        self._mine.difference_update(ids)

    async def notes(self, intent_ids: Sequence[str]) -> Sequence[bytes | None]:
        """Implements `IntentBus`."""
        found = await self._link.ask_all([("HGET", _INTENT + intent_id, "note") for intent_id in intent_ids])
        return [one if isinstance(one, bytes) else None for one in found]

    async def progress(self, instance: str) -> Progress:
        """Implements `IntentBus`."""
        standing, tracks = await self._link.ask_all(
            [("HMGET", _POSITION + instance, "session", "number"), ("HGETALL", _TRACKS + instance)]
        )
        kept = convert(tracks, dict[bytes, bytes])
        return Progress(_position(standing), {name.decode(): track for name, track in kept.items()})

    async def publish(
        self,
        instance: str,
        before: Position | None,
        after: Position,
        reports: Sequence[bytes],
        tracks: Mapping[str, bytes | None],
    ) -> Position | None:
        """Implements `IntentBus`."""
        arguments: list[Value] = ["", ""] if before is None else [before.session, before.number]
        arguments += after.session, after.number, REPORTS_KEPT, len(reports), *reports
        for order_ref, track in tracks.items():
            arguments += order_ref, 0 if track is None else 1, track or b""
        keys = (_POSITION + instance, _TRACKS + instance, REPORTS)
        return _position(await self._link.run(self._publish, keys, arguments))

    async def close(self) -> None:
        """Implements `IntentBus`."""
        await self._link.close()


class RedisStrategy:
    """A strategy, or a desk that reads reports. Implements `StrategyBus`."""

    def __init__(self, url: str, *, most_waiting: int = MOST_WAITING) -> None:
        """Connects with the first call.

        Args:
            url: As of `RedisLink`.
            most_waiting: Intents without an outcome from which on `ask` refuses further ones.
        """
        self._link = RedisLink(url)
        self._most_waiting = most_waiting
        self._ask = self._link.script(scripts.ASK)

    async def ask(self, body: bytes) -> str:
        """Implements `StrategyBus`. Raises BusError too where as many wait as may: then nothing was put on the bus."""
        answer = await self._link.run(self._ask, (INTENTS,), (self._most_waiting, body))
        if not answer or not isinstance(answer[0], bytes):
            raise BusError(
                f"{self._most_waiting:,} intents wait on {self._link.address} for an outcome, and no more may. "
                "The intent was not taken; ask again once the order plane has caught up."
            )
        return answer[0].decode()

    async def reports(self, after: str = "0") -> AsyncIterator[tuple[str, bytes]]:
        """Implements `StrategyBus`."""
        while True:
            answer = await self._link.ask(
                "XREAD", "COUNT", 1000, "BLOCK", _ms(_LONGEST_WAIT), "STREAMS", REPORTS, after
            )
            for name, fields in _streamed(answer):
                after = name
                yield name, fields[b"body"]

    async def aside(self) -> Sequence[Aside]:
        """Implements `StrategyBus`."""
        answer = await self._link.ask("XRANGE", ASIDE, "-", "+")
        return [
            Aside(fields[b"id"].decode(), fields[b"body"], fields[b"reason"].decode())
            for _, fields in _messages(answer)
        ]

    async def close(self) -> None:
        """Implements `StrategyBus`."""
        await self._link.close()


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _streamed(answer: object) -> list[tuple[str, dict[bytes, bytes]]]:
    """The messages of the one stream that was read, with their ids; none where the server says nothing."""
    streams = convert(answer or [], list[tuple[bytes, object]])
    return [message for _, messages in streams for message in _messages(messages)]


def _messages(answer: object) -> list[tuple[str, dict[bytes, bytes]]]:
    """Messages with their ids; one that was taken out of its stream has no fields."""
    found = convert(answer, list[tuple[bytes, dict[bytes, bytes] | None]])
    return [(name.decode(), fields or {}) for name, fields in found]


def _delivery(answer: object) -> Delivery:
    name, body, attempts = convert(answer, tuple[bytes, bytes, int])
    return Delivery(name.decode(), body, attempts)


def _held(answer: object) -> Held:
    standing, note, again = convert(answer, tuple[bytes, bytes, int])
    return Held(Standing(standing.decode()), note, again == 1)


def _position(answer: object) -> Position | None:
    session, number = convert(answer, tuple[bytes | None, bytes | None])
    return None if session is None or number is None else Position(session.decode(), int(number))
