"""What the order plane itself decides about an intent: its contract, and how much of it may be placed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from core.domain.charts import BarHistory, BarRequest, BarSize
from core.domain.commands import AskBars
from core.domain.denials import DenialCode
from core.errors import DeskError, LinkError, RefusedError
from core.orderplane.contracts import OrderIntent
from core.orderplane.notes import Note, order_ref_of
from core.orderplane.participation import Participation
from core.orderplane.sessions import CoreSession

_AHEAD = timedelta(seconds=5)
"""How far a strategy's clock may be ahead of ours."""
_BAR_SECONDS = 60


class Deciding:
    """Makes notes. What it refuses core is never asked for; everything else passes core's own controls."""

    def __init__(self, participation: Participation | None) -> None:
        """`participation` None scales nothing."""
        self._participation = participation
        self._asking: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def decide(self, intent: OrderIntent, session: CoreSession) -> Note:
        """What is to be done with an intent, as things stand now. Raises LinkError."""
        now = datetime.now(UTC)
        note = Note(
            intent=intent.model_dump_json(),
            account=intent.account or session.view.connection.account,
            quantity=intent.quantity,
            claimed=now,
        )
        ahead = (intent.timestamp - now).total_seconds()
        if ahead > _AHEAD.total_seconds():
            return note.refused_for(f"TIME: its timestamp lies {ahead:.0f} s ahead of this clock")
        try:
            instrument = await session.symbols.find(intent)
        except LinkError:
            raise
        except DeskError as error:
            code = error.code if isinstance(error, RefusedError) else DenialCode.NOT_CONNECTED
            return note.refused_for(f"{code}: {error}")
        note = replace(note, con_id=instrument.con_id)
        if self._participation is None:
            return note
        await self._seed(instrument.con_id, session, self._participation)
        order_ref = order_ref_of(session.snapshot.instance, intent.intent_id)
        scaled = self._participation.scale(instrument, order_ref, intent.quantity, datetime.now(UTC))
        if not scaled.quantity:
            return note.refused_for(scaled.why)
        self._participation.reserve(instrument.con_id, order_ref, scaled.quantity, now)
        return replace(note, quantity=scaled.quantity, scaled=scaled.why)

    def nothing_came(self, note: Note, order_ref: str) -> None:
        """The order was refused: it is no part of the volume."""
        if self._participation is not None:
            self._participation.give_up(note.con_id, order_ref)

    async def _seed(self, con_id: int, session: CoreSession, participation: Participation) -> None:
        """Ask for the bars of the time before the first quote, once."""
        async with self._asking[con_id]:
            if not participation.lacks_bars(con_id, datetime.now(UTC)):
                return
            seconds = int(participation.limit.window.total_seconds()) + _BAR_SECONDS
            request = BarRequest(con_id=con_id, size=BarSize.MINUTE, duration=f"{seconds} S")
            ack = await session.client.send(AskBars(request=request))
            bars = ack.result.bars if isinstance(ack.result, BarHistory) else ()
            participation.seed(con_id, bars)
