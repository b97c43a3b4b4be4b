"""One intent from the bus to core: read, decided, claimed, placed, settled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from msgspec import Struct

from core.domain.commands import Ack, PlaceOrder
from core.domain.denials import Denial, DenialCode
from core.domain.orders import OrderRequest
from core.domain.subjects import about
from core.errors import LinkError
from core.orderplane.batch import Batch
from core.orderplane.bus import Claim, Delivery, Held, IntentBus, Settlement, Standing
from core.orderplane.contracts import IntentError, OrderIntent, identity_in, read_intent
from core.orderplane.counts import Counts
from core.orderplane.deciding import Deciding
from core.orderplane.notes import Note, order_ref_of, read_note, request_of
from core.orderplane.patience import Patience
from core.orderplane.reports import refusal, rejection
from core.orderplane.sessions import CoreSession, Sessions
from core.scripting.tickets import REPEAT

_PASSING = frozenset({DenialCode.THROTTLED, DenialCode.JOURNAL_BUSY, DenialCode.NOT_RECONCILED})
"""Refusals that pass by themselves, before anything of the order was recorded."""
_UNCERTAIN = frozenset({DenialCode.BAD_COMMAND, DenialCode.BROKER})
"""Refusals that may mean that core failed half way."""
_AGAIN_SECONDS = 0.5
"""Between attempts while core refuses for such a reason."""
_HELD_SECONDS = 0.25
"""Between looks at an intent that another message works on."""

R = TypeVar("R")

log = logging.getLogger(__name__)


class PlacingOptions(Struct, frozen=True, kw_only=True):
    """What the order plane is told about intents."""

    max_age: timedelta = timedelta(seconds=60)
    """An intent that is older is refused: what it was decided on is gone."""
    lease: float = 10.0
    """Seconds for which an intent is claimed, and within which core may take its order."""


class StoppingError(Exception):
    """The order plane ends: what has no outcome yet goes back to the bus."""


class Placer:
    """Works on messages, many at a time. What became of an intent core says, or core was never asked for it."""

    def __init__(
        self,
        bus: IntentBus,
        sessions: Sessions,
        deciding: Deciding,
        options: PlacingOptions,
        counts: Counts,
        knows: Callable[[str], bool],
        patience: Patience,
    ) -> None:
        """`knows` says whether core has told of an order."""
        self._bus = bus
        self._patiently = patience
        self._sessions = sessions
        self._deciding = deciding
        self._options = options
        self._counts = counts
        self._knows = knows
        self._hold: Batch[Claim, Held] = Batch(lambda claims: bus.hold(claims, options.lease))
        self._settle: Batch[Settlement, bool] = Batch(bus.settle)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin nothing more, and wait for nothing that takes long."""
        self._stopping.set()

    async def work(self, delivery: Delivery) -> None:
        """Bring one message to its end. Raises StoppingError if it has none yet."""
        try:
            intent = read_intent(delivery.body)
        except IntentError as error:
            await self._refuse_message(delivery, str(error))
            return
        while True:
            session = self._sessions.present
            if session is None:
                session = await self._unless_stopping(self._sessions.get())
            try:
                await self._attempt(delivery, intent, session)
            except LinkError as error:
                # Asked again with the same reference, core answers what became of it.
                log.warning("intent %s waits for core: %s", intent.intent_id, error)
                self._sessions.lost(session)
            else:
                return

    async def set_aside(self, delivery: Delivery, reason: str, report: bytes | None = None) -> None:
        """Keep a message where a person looks."""
        log.error("message %s was set aside: %s", delivery.id, reason)
        reports = () if report is None else (report,)
        await self._patiently(partial(self._bus.set_aside, delivery, reason, reports))
        self._counts.aside += 1

    async def _refuse_message(self, delivery: Delivery, reason: str) -> None:
        """It is no intent. Its strategy is told, unless an intent with the same identity is under way."""
        intent_id = identity_in(delivery.body)
        report = None
        if intent_id is not None and await self._patiently(partial(self._bus.notes, [str(intent_id)])) == [None]:
            report = rejection(delivery.body, f"INTENT: {reason}", datetime.now(UTC))
        await self.set_aside(delivery, reason, report)

    async def _attempt(self, delivery: Delivery, intent: OrderIntent, session: CoreSession) -> None:
        note = await self._deciding.decide(intent, session)
        claim = Claim(delivery, str(intent.intent_id), intent.digest(), note.encode())
        limit = intent.timestamp + self._options.max_age
        while True:
            begun = datetime.now(UTC)
            held = await self._patiently(partial(self._hold, claim))
            match held.standing:
                case Standing.OTHER:
                    await self._refuse_other(delivery, intent, read_note(held.note))
                    return
                case Standing.SETTLED:
                    await self._patiently(partial(self._bus.acknowledge, [delivery]))
                    self._counts.repeated += 1
                    return
                case Standing.HELD:
                    await self._pause(_HELD_SECONDS)
                case Standing.OURS:
                    note = read_note(held.note)
                    until = min(limit, begun + timedelta(seconds=self._options.lease))
                    if await self._place(delivery, intent, note, session, until, limit, again=held.again):
                        return

    async def _place(
        self,
        delivery: Delivery,
        intent: OrderIntent,
        note: Note,
        session: CoreSession,
        until: datetime,
        limit: datetime,
        *,
        again: bool,
    ) -> bool:
        """Have core take the order; True once the message has its end, False to claim it anew and ask again."""
        request = request_of(intent, note, session.snapshot.instance)
        if note.refused:
            return await self._refuse(delivery, intent, note, request, session, note.refused, doubt=False)
        confirms = REPEAT if intent.repeat else ()
        command = PlaceOrder(request=request, short=intent.short, confirms=confirms, not_after=until)
        ack = await session.client.send(command)
        if ack.order is not None and ack.order.tag != request.tag:
            await self._refuse_other(delivery, intent, None)
            return True
        if ack.ok or ack.order is not None or _is_of_earlier_day(ack):
            return await self._settled(delivery, intent, note, session)
        denial = ack.denied or Denial(code=DenialCode.BAD_COMMAND, message="Core did not say why.")
        now = datetime.now(UTC)
        if denial.code in _PASSING and now < limit:
            await self._pause(_AGAIN_SECONDS)
            return False
        if denial.code is DenialCode.TIME and until < now < limit:
            # Only the claim was over.
            return False
        reason = f"{denial.code}: {denial.message}"
        if now >= limit and denial.code is DenialCode.TIME:
            age = (now - intent.timestamp).total_seconds()
            most = self._options.max_age.total_seconds()
            reason = f"STALE: it was decided on {age:.0f} s ago; {most:g} s is the most"
        doubt = again or denial.code in _UNCERTAIN
        return await self._refuse(delivery, intent, note, request, session, reason, doubt=doubt)

    async def _settled(self, delivery: Delivery, intent: OrderIntent, note: Note, session: CoreSession) -> bool:
        """Core has recorded the order: its reports follow its events."""
        if await self._patiently(partial(self._settle, Settlement(delivery, str(intent.intent_id)))):
            self._counts.placed += 1
            self._counts.scaled += bool(note.scaled)
            order_ref = order_ref_of(session.snapshot.instance, intent.intent_id)
            extra = about(order_ref, strategy=intent.strategy_id, quantity=note.quantity, scaled=note.scaled)
            log.info("intent %s is placed", intent.intent_id, extra=extra)
        return True

    async def _refuse(
        self,
        delivery: Delivery,
        intent: OrderIntent,
        note: Note,
        request: OrderRequest,
        session: CoreSession,
        reason: str,
        *,
        doubt: bool,
    ) -> bool:
        """Report that nothing was placed, where that is certain: with `doubt`, after a look at core's orders."""
        if doubt or self._knows(request.order_ref):
            # Whoever claimed it before may have had it placed, and core refuses some clients before it looks.
            snapshot = await session.client.snapshot()
            if any(order.order_ref == request.order_ref for order in snapshot.orders):
                return await self._settled(delivery, intent, note, session)
            if snapshot.since is not None and note.claimed < snapshot.since:
                text = f"Whether it was placed on an earlier day is not known. Look {request.order_ref} up. {reason}"
                await self.set_aside(delivery, text)
                return True
        report = refusal(session.snapshot.instance, intent, note, reason, datetime.now(UTC))
        if await self._patiently(partial(self._settle, Settlement(delivery, str(intent.intent_id), (report,)))):
            self._counts.refused += 1
            self._deciding.nothing_came(note, request.order_ref)
            extra = about(request.order_ref, strategy=intent.strategy_id)
            log.warning("intent %s was refused: %s", intent.intent_id, reason, extra=extra)
        return True

    async def _refuse_other(self, delivery: Delivery, intent: OrderIntent, first: Note | None) -> None:
        """Its identity stands for another order, of which no report may say that it was refused."""
        which = "another order" if first is None else f"another intent: {first.intent}"
        text = f"intent_id {intent.intent_id} stands for {which}. Nothing was placed. Send it with an id of its own."
        await self.set_aside(delivery, text)

    async def _pause(self, seconds: float) -> None:
        await self._unless_stopping(asyncio.sleep(seconds))

    async def _unless_stopping(self, waiting: Coroutine[None, None, R]) -> R:
        """The result of what may take long. Raises StoppingError at once when the order plane ends."""
        task, stop = asyncio.create_task(waiting), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise StoppingError
        finally:
            task.cancel()
            stop.cancel()


def _is_of_earlier_day(ack: Ack) -> bool:
    """True if core says that the reference stands for an order that it no longer shows."""
    return ack.denied is not None and ack.denied.code is DenialCode.DUPLICATE_REF
