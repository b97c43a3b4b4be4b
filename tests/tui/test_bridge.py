"""The desk's end of the link: facts in order, state conflated, the link kept up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.domain.commands import Leave, Reconnect
from core.domain.events import (
    Envelope,
    Health,
    OrderChanged,
    PositionsUpdated,
    QuotesUpdated,
    Snapshot,
    WatchlistUpdated,
)
from core.errors import CoreStartError, LinkError, OtherBuildError
from core.link.wire import FrameReader, Refusal, Retire, Retiring, client_decoder, frame
from tests.tui import sample
from tests.tui.fake_desk import FakeDesk
from tui import messages
from tui.bridge import Bridge
from tui.replica import Replica


class Heard:
    """The messages that a bridge posted, and a way to wait for one."""

    def __init__(self) -> None:
        self.all: list[messages.DeskMessage] = []
        self._news = asyncio.Event()

    def post(self, message: messages.DeskMessage) -> None:
        self.all.append(message)
        self._news.set()

    def kinds(self) -> list[type[messages.DeskMessage]]:
        return [type(message) for message in self.all]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def kind(self, wanted: type[messages.DeskMessage], count: int = 1) -> None:
        await self.until(lambda: self.kinds().count(wanted) >= count)


class Running:
    """A bridge that runs, on a list of cores: each attachment gets the next one, the last one for ever."""

    def __init__(self, *cores: FakeDesk | Exception) -> None:
        self.cores = list(cores)
        self.replica = Replica()
        self.heard = Heard()
        self.bridge = Bridge(
            self._connect, self.replica, self.heard.post, utc=lambda: sample.NOW, backoff=(0.0, 0.0), first_backoff=()
        )

    async def _connect(self) -> FakeDesk:
        core = self.cores.pop(0) if len(self.cores) > 1 else self.cores[0]
        if isinstance(core, Exception):
            raise core
        return core


@asynccontextmanager
async def running(*cores: FakeDesk | Exception) -> AsyncIterator[Running]:
    run = Running(*cores)
    task = asyncio.create_task(run.bridge.run())
    try:
        yield run
    finally:
        await run.bridge.leave(stop=False)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_snapshot_first_then_facts_one_by_one_in_order() -> None:
    core = FakeDesk()
    async with running(core) as run:
        await run.heard.kind(messages.SnapshotLoaded)
        orders = [sample.make_order(n, sample.AMD, "BUY 1 AMD LMT 168.00") for n in range(20, 25)]
        core.emit(*(OrderChanged(order=order) for order in orders))
        await run.heard.kind(messages.OrderUpdated, 5)

        told = [message.order for message in run.heard.all if isinstance(message, messages.OrderUpdated)]
        assert told == orders
        assert run.heard.kinds()[0] is messages.SnapshotLoaded
        assert all(run.replica.orders[order.order_ref] == order for order in orders)


class Restless(FakeDesk):
    """Changes its state as soon as a snapshot is taken; like core it tells that to nobody who has not asked yet."""

    followed = False

    def events(self, after: int | None = None) -> AsyncIterator[Envelope]:
        self.followed = True
        return super().events(after)

    async def snapshot(self) -> Snapshot:
        taken = await super().snapshot()
        if self.followed:
            self.emit(Health(lines=7))
        return taken


async def test_state_that_changes_right_behind_the_snapshot_is_told() -> None:
    async with running(Restless()) as run:
        changed = asyncio.Event()
        run.bridge.changed = changed.set
        await asyncio.wait_for(changed.wait(), 5)

        assert run.replica.health.lines == 7


async def test_state_is_conflated_until_it_is_flushed() -> None:
    core = FakeDesk()
    async with running(core) as run:
        await run.heard.kind(messages.SnapshotLoaded)
        for cents in range(40):
            core.emit(QuotesUpdated(quotes=(replace(sample.QUOTES[0], last=Decimal(233) + Decimal(cents) / 100),)))
        core.emit(QuotesUpdated(quotes=(sample.QUOTES[1],)), WatchlistUpdated(con_ids=(1,)), Health(lines=7))
        core.emit(PositionsUpdated(positions=()), OrderChanged(order=sample.UNKNOWN))
        await run.heard.kind(messages.OrderUpdated)
        assert messages.QuotesFlushed not in run.heard.kinds()

        run.bridge.flush()
        run.bridge.flush()

        flushed = [message for message in run.heard.all if isinstance(message, messages.QuotesFlushed)]
        assert [message.con_ids for message in flushed] == [frozenset({sample.AAPL, sample.TSLA})]
        assert run.replica.quotes[sample.AAPL].last == Decimal("233.39")
        for kind in (messages.WatchlistUpdated, messages.HealthUpdated, messages.PositionsUpdated):
            assert run.heard.kinds().count(kind) == 1


@pytest.mark.row(64)
async def test_lost_link_is_told_and_restored_with_a_fresh_snapshot() -> None:
    first, second = FakeDesk(), FakeDesk(sample.TROUBLE)
    async with running(first, LinkError("Nobody listens."), second) as run:
        await run.heard.kind(messages.SnapshotLoaded)
        first.lose()
        await run.heard.kind(messages.LinkRestored)

        assert run.heard.kinds() == [
            messages.SnapshotLoaded,
            messages.LinkLost,
            messages.SnapshotLoaded,
            messages.LinkRestored,
        ]
        assert run.replica.lost_since is None
        assert sample.UNKNOWN.order_ref in run.replica.orders
        assert first.closed
        await run.bridge.send(Reconnect())
        assert second.sent == [Reconnect()]


@pytest.mark.row(64)
async def test_while_the_link_is_lost_nothing_is_sent() -> None:
    core = FakeDesk()
    async with running(core, CoreStartError("Core is gone.")) as run:
        await run.heard.kind(messages.SnapshotLoaded)
        core.lose()
        await run.heard.kind(messages.StartFailed)

        assert run.replica.lost_since == sample.NOW
        assert not run.bridge.is_attached
        with pytest.raises(LinkError, match="nothing was sent"):
            await run.bridge.send(Reconnect())


async def test_another_session_is_followed_from_a_new_snapshot() -> None:
    core = FakeDesk()
    async with running(core) as run:
        await run.heard.kind(messages.SnapshotLoaded)
        core.state = replace(sample.TROUBLE, session="S2")
        core.emit(WatchlistUpdated(con_ids=()), session="S2")
        await run.heard.kind(messages.SnapshotLoaded, 2)

        assert run.replica.session == "S2"
        assert core.snapshots == 2


async def test_core_that_does_not_start_is_reported_and_tried_again_on_request() -> None:
    async with running(CoreStartError("Port 7496 is a live port."), FakeDesk()) as run:
        await run.heard.kind(messages.StartFailed)
        failed = run.heard.all[0]
        assert isinstance(failed, messages.StartFailed)
        assert (failed.title, failed.text) == ("Core did not start", "Port 7496 is a live port.")

        run.bridge.try_again()
        await run.heard.kind(messages.SnapshotLoaded)


async def test_a_link_that_never_comes_up_is_given_up_after_the_last_pause() -> None:
    async with running(LinkError("Another build.")) as run:
        await run.heard.kind(messages.StartFailed)
        assert run.heard.kinds() == [messages.StartFailed]


async def test_a_core_of_another_build_is_ended_only_on_a_persons_word(tmp_path: Path) -> None:
    socket = tmp_path / "core.sock"
    asked: list[Retire] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for body in FrameReader().feed(await reader.read(65536)):
            message = client_decoder().decode(body)
            assert isinstance(message, Retire)
            asked.append(message)
            told_of = message.accepted_in_flight
            answer = Retiring(pid=1) if told_of == 2 else Refusal(reason="More.", other_build=True, in_flight=2)
            writer.write(frame(answer))
        writer.close()
        await writer.wait_closed()

    other = OtherBuildError("Core runs 9.", socket=socket, working=2, in_flight=1)
    async with (
        await asyncio.start_unix_server(serve, str(socket)),
        running(other, other, FakeDesk()) as run,
    ):
        await run.heard.kind(messages.StartFailed)
        run.bridge.try_again()
        await run.heard.kind(messages.StartFailed, 2)
        assert asked == []

        run.bridge.restart_core()
        await run.heard.kind(messages.StartFailed, 3)
        run.bridge.restart_core()
        await run.heard.kind(messages.SnapshotLoaded)

    failed = [message for message in run.heard.all if isinstance(message, messages.StartFailed)]
    assert [(message.title, message.text, message.other_build) for message in failed] == [
        ("Another build", "Core runs 9.", True),
        ("Another build", "Core runs 9.", True),
        ("Another build", "More.", True),
    ]
    assert [message.accepted_in_flight for message in asked] == [1, 2]


async def test_leaving_says_so_to_core_and_detaches() -> None:
    core = FakeDesk()
    async with running(core) as run:
        await run.heard.kind(messages.SnapshotLoaded)
        await run.bridge.leave(stop=True)

    assert core.sent[0] == Leave(stop=True)
    assert core.closed
    assert messages.LinkLost not in run.heard.kinds()


async def test_order_references_are_minted_for_the_journal_in_use() -> None:
    async with running(FakeDesk()) as run:
        await run.heard.kind(messages.SnapshotLoaded)

        first, second = run.bridge.mint_order_ref(), run.bridge.mint_order_ref()

        assert first.startswith(f"ibd-{sample.INSTANCE}-")
        assert first != second
