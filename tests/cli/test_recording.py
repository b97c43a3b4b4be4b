"""A recorder behind a real link whose core says what the test wants: day rolls, segments, a core that goes away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from core.api import DeskClient
from core.cli import recording as recorders
from core.cli.recording import Recording, only_recorder
from core.domain.charts import Sides, StreamKind
from core.domain.commands import OpenStream
from core.domain.events import OrderChanged, QuotesUpdated
from core.domain.instruments import Instrument, SecType
from core.domain.quotes import Quote
from core.domain.streams import StreamChanged, StreamData, StreamState
from core.errors import RecordsError
from core.link.client import SocketClient
from core.link.server import LinkServer
from core.records.bars import read_bars
from core.records.live_folder import bars_path, orders_path
from core.records.segments import read_segment
from tests.journal.values import order
from tests.link.fake_host import FakeHost, serving

SPY = Instrument(con_id=756733, symbol="SPY", sec_type=SecType.STK, exchange="SMART")
ROLL = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
"""17:00 in New York."""
FRIDAY, NEXT = date(2026, 11, 20), date(2026, 11, 21)
PATIENCE = 15.0


def sides(*seconds: int) -> StreamData:
    """Quotes so many seconds after the roll, each with a bid of its own."""
    items = tuple(
        Sides(
            time=ROLL + timedelta(seconds=second),
            bid=Decimal(600 + second),
            ask=Decimal(601 + second),
            bid_size=Decimal(100),
            ask_size=Decimal(100),
        )
        for second in seconds
    )
    return StreamData(con_id=SPY.con_id, kind=StreamKind.BID_ASK, items=items)


async def until(true: Callable[[], bool]) -> None:
    """Wait for what happens on the disk, where nothing tells of it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if true():
                return
            await asyncio.sleep(0.02)


class Stage:
    """The core that the recorder follows."""

    def __init__(self, host: FakeHost, server: LinkServer, folder: Path, recording: Recording) -> None:
        self.host = host
        self.server = server
        self.folder = folder
        self.recording = recording

    async def opened(self) -> None:
        """Wait until the recorder has asked for both of its streams."""
        async with asyncio.timeout(PATIENCE):
            while sum(isinstance(command, OpenStream) for _, command in self.host.commands) < 2:
                self.host.came.clear()
                await self.host.came.wait()

    def bring(self, event: StreamData | StreamChanged) -> None:
        """Tell the recorder something of its streams."""
        list(self.host.hears.values())[-1](event)

    async def written(self, rows: int) -> None:
        """Wait until that many rows of ticks are on the disk, in segments or in files."""
        await until(lambda: self._rows() >= rows)

    def _rows(self) -> int:
        count = 0
        for path in self.folder.glob("*/segments/*.segment"):
            with contextlib.suppress(RecordsError):
                count += sum(1 for _, row in read_segment(path).ticks if row.bid is not None)
        files = list(self.folder.glob("*/ticks_SPY.parquet"))
        return count + sum(pl.read_parquet(path)["bid"].count() for path in files)


@pytest.fixture
def socket(open_folder: Path) -> Path:
    """Where the core listens."""
    open_folder.chmod(0o700)
    return open_folder / "core.sock"


@asynccontextmanager
async def recorded(socket: Path, folder: Path, said: list[str], segment_seconds: float = 600) -> AsyncIterator[Stage]:
    """A recorder at work, which is told to finish at the end."""
    host = FakeHost()

    async def attach() -> DeskClient:
        return await SocketClient.attach(socket, "recorder")

    async with serving(host, socket) as server:
        recording = Recording(await attach(), (SPY,), folder, said.append, segment_seconds=segment_seconds)
        running = asyncio.create_task(recording.run(attach))
        stage = Stage(host, server, folder, recording)
        await stage.opened()
        stage.bring(StreamChanged(con_id=SPY.con_id, kind=StreamKind.BID_ASK, state=StreamState.OPEN))
        try:
            yield stage
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await recording.finish()
            await recording.client.close()


async def test_a_day_that_rolls_goes_on_in_the_next_folder(socket: Path, tmp_path: Path) -> None:
    async with recorded(socket, tmp_path, []) as stage:
        stage.bring(sides(-2, -1, 0, 1))
        await stage.written(4)

    friday, monday = (read_bars(bars_path(tmp_path, day, "SPY")).frame for day in (FRIDAY, NEXT))
    assert friday["bid"].to_list() == [598.0, 599.0]
    assert monday["bid"].to_list() == [600.0, 601.0]
    assert not monday["gap"].any(), "nothing was missed at the roll"


async def test_segments_are_merged_while_it_records(socket: Path, tmp_path: Path) -> None:
    async with recorded(socket, tmp_path, [], segment_seconds=0.1) as stage:
        stage.bring(sides(1))
        path = bars_path(tmp_path, NEXT, "SPY")
        await until(path.exists)
        stage.bring(sides(2))
        await until(lambda: 602.0 in read_bars(path).frame["bid"])

    frame = read_bars(path).frame
    assert frame["bid"].to_list() == [601.0, 602.0]
    assert frame["gap"].to_list() == [True, False]


async def test_last_values_wait_for_the_time_of_a_first_tick(socket: Path, tmp_path: Path) -> None:
    async with recorded(socket, tmp_path, []) as stage:
        quote = Quote(con_id=SPY.con_id, bid=Decimal(500), ask=Decimal(501), close=Decimal("599.5"), last=Decimal(500))
        stage.host.publish(QuotesUpdated(quotes=(quote,)))
        stage.bring(sides(5))
        await stage.written(1)

    assert [path.name for path in sorted(tmp_path.glob("2*"))] == [f"{NEXT}"]
    assert read_bars(bars_path(tmp_path, NEXT, "SPY")).frame["bid"].to_list() == [605.0]


async def test_own_orders_are_recorded_too(socket: Path, tmp_path: Path) -> None:
    async with recorded(socket, tmp_path, []) as stage:
        stage.bring(sides(5))
        await stage.written(1)
        known = order(7)
        stage.host.publish(OrderChanged(order=known))
        await until(lambda: any(read_segment(path).own for path in tmp_path.glob("*/segments/*.segment")))

    (row,) = pl.read_parquet(orders_path(tmp_path, NEXT)).rows(named=True)
    assert (row["order_ref"], row["event"], row["state"], row["sequence"]) == (known.order_ref, "ORDER", known.state, 1)


async def test_it_outlives_core_and_marks_what_it_missed(
    socket: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorders, "FIRST_PAUSE", 0.05)
    said: list[str] = []
    again = FakeHost()
    async with recorded(socket, tmp_path, said) as stage:
        stage.bring(sides(1))
        await stage.written(1)
        await stage.server.close()
        async with serving(again, socket):
            stage.host = again
            await stage.opened()
            stage.bring(sides(4))
            await stage.written(2)

    assert said[0].startswith("The link to core broke:")
    assert "Core is there again." in said
    frame = read_bars(bars_path(tmp_path, NEXT, "SPY")).frame
    assert frame["bid"].to_list() == [601.0, None, None, 604.0]
    assert frame["gap"].to_list() == [True, True, True, True]


def test_a_folder_has_one_recorder(tmp_path: Path) -> None:
    with (
        only_recorder(tmp_path),
        pytest.raises(RecordsError, match="Another recorder writes to"),
        only_recorder(tmp_path),
    ):
        pass
    with only_recorder(tmp_path):
        pass
