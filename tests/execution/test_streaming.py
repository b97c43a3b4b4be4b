"""Opening and closing streams for desks, some of which change their mind or go meanwhile."""

from __future__ import annotations

import asyncio

from core.domain.charts import StreamKind
from core.domain.commands import Ack, CloseStream, DenialCode, OpenStream
from core.domain.events import StreamEvent
from core.domain.instruments import Instrument
from core.domain.streams import StreamChanged, StreamState
from core.errors import BrokerError
from core.execution.streaming import Streaming
from tests.execution.clockwork import JumpingClock, jumping
from tests.execution.reports import AAPL
from tests.execution.rig import rig, settle
from tests.market.test_streams import Source

OPEN = OpenStream(con_id=AAPL.con_id, kind=StreamKind.DEPTH)
CLOSE = CloseStream(con_id=AAPL.con_id, kind=StreamKind.DEPTH)


def denied(ack: Ack) -> DenialCode:
    """Why not."""
    assert ack.denied is not None
    return ack.denied.code


class Slow:
    """Contracts that are looked up when `answer` is set."""

    def __init__(self) -> None:
        self.answer = asyncio.Event()
        self.told: list[StreamEvent] = []
        self.streaming = Streaming(Source(), self.qualify, JumpingClock(), lambda _: None, 100)
        self.streaming.listen("desk", self.told.append)

    async def qualify(self, con_id: int) -> Instrument:
        """Apple, sooner or later."""
        await self.answer.wait()
        if con_id != AAPL.con_id:
            raise BrokerError(200, "No security definition has been found.")
        return AAPL

    async def opened(self) -> Ack:
        """The answer to one that was begun, now that the contract is known."""
        self.answer.set()
        return await self.opening

    async def begin(self) -> None:
        """Open one, which waits for its contract."""
        self.opening = asyncio.ensure_future(self.streaming.look(OPEN, "desk"))
        await settle()


@jumping
async def test_a_stream_that_is_closed_before_it_is_open_stays_closed() -> None:
    slow = Slow()
    await slow.begin()
    assert (await slow.streaming.look(CLOSE, "desk")).ok

    assert denied(await slow.opened()) is DenialCode.BAD_COMMAND
    assert (slow.streaming.room.count, slow.told) == (0, [])
    assert (await slow.streaming.look(OPEN, "desk")).ok
    assert slow.streaming.room.count == 1


@jumping
async def test_a_desk_that_goes_meanwhile_opens_nothing() -> None:
    slow = Slow()
    await slow.begin()
    slow.streaming.gone("desk")

    assert denied(await slow.opened()) is DenialCode.BAD_COMMAND
    assert slow.streaming.room.count == 0


@jumping
async def test_an_unknown_contract_is_refused() -> None:
    slow = Slow()
    slow.answer.set()
    ack = await slow.streaming.look(OpenStream(con_id=1, kind=StreamKind.TRADES), "desk")

    assert denied(ack) is DenialCode.UNKNOWN_INSTRUMENT


@jumping
async def test_what_the_broker_refuses_is_told_to_the_desk_that_asked() -> None:
    async with rig() as desk:
        told: list[StreamEvent] = []
        desk.service.desk_attached("desk")
        desk.service.streams_to("desk", told.append)
        assert (await desk.send(OPEN)).ok
        await settle()

        assert [one.state for one in told if isinstance(one, StreamChanged)] == [StreamState.ASKED, StreamState.ENDED]
        assert desk.service.streaming.room.count == 0
        assert denied(await desk.send(OPEN, "another")) is DenialCode.BAD_COMMAND
        desk.service.desk_gone("desk")
