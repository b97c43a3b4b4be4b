"""Core and the bus go away and come back: nothing is lost, nothing is placed twice, every report comes."""

from __future__ import annotations

import asyncio

from core.domain.published import PublishedStatus
from core.orderplane.contracts import OrderIntent
from core.orderplane.redis_bus import RedisBus, RedisStrategy
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome
from tests.orderplane.conftest import PROFILE, Stage
from tests.orderplane.plane import Planes, intent
from tests.processes.orders import journal_of, write_profile
from tests.redis_server import needs_server, running_redis


async def test_core_is_killed_and_started_again() -> None:
    with DeskHome() as home:
        write_profile(home, "practice", PROFILE)
        core = CoreProcess(home)
        await core.start()
        try:
            await _kill_and_start(home, core)
        finally:
            await core.stop()


async def _kill_and_start(home: DeskHome, core: CoreProcess) -> None:
    async with await core.attach() as watcher:
        await watcher.ready_for("AAPL")
    async with Planes(core.socket, journal_of(home, "practice")) as planes:
        planes.start()
        before, unseen, after = intent(order_type="LIMIT", limit_price=100), intent(), intent()
        await planes.ask(before)
        await planes.until(lambda: _is(planes, before, PublishedStatus.ACKNOWLEDGED))

        core.kill()
        await planes.ask(unseen)
        await core.start()
        (last,) = await planes.whole(unseen)
        async with await core.attach() as watcher:
            await watcher.ready_for("AAPL")
        await planes.ask(after)
        await planes.whole(after)

        for one in (before, after):
            assert len(await planes.orders(one)) == 1
        # Before the market's first word an order is refused, and told so.
        without_quote = (last.reject_reason or "").startswith("NO_REFERENCE")
        assert len(await planes.orders(unseen)) == (0 if without_quote else 1)
        told = {report.report_id: (report.sequence, report.status) for report in planes.of(before)}
        assert len(set(told.values())) == len(told)
        assert planes.of(before)[-1].status is PublishedStatus.ACKNOWLEDGED


async def test_what_happened_while_no_plane_ran_is_reported_by_the_next(stage: Stage) -> None:
    async with Planes(stage.core.socket, journal_of(stage.home, "practice")) as planes:
        plane = planes.start()
        one = intent()
        await planes.ask(one)
        await planes.until(lambda: bool(planes.of(one)))
        await planes.kill(plane)
        async with await stage.core.attach() as watcher:
            await watcher.until(lambda snapshot: any(order.filled for order in snapshot.orders if order.tag))

        planes.start()
        (report,) = await planes.whole(one)

        assert report.status is PublishedStatus.FILLED
        numbers = {report.report_id: report.sequence for report in planes.of(one)}
        assert len(set(numbers.values())) == len(numbers)


@needs_server
async def test_the_bus_is_killed_and_started_again(stage: Stage) -> None:
    async with running_redis() as server:
        strategy = RedisStrategy(server.url)

        def consumer() -> RedisBus:
            return RedisBus(server.url, abandoned=0.5)

        async with Planes(stage.core.socket, journal_of(stage.home, "practice"), consumer, strategy) as planes:
            planes.start()
            intents = [intent(direction="BUY" if turn % 2 else "SELL", short=True) for turn in range(30)]
            asking = asyncio.create_task(planes.ask(*intents))
            await planes.until(lambda: len(planes.reports) > 10)
            server.kill()
            await server.start()

            await asking
            reports = await planes.whole(*intents)
            assert {report.status for report in reports} == {PublishedStatus.FILLED}
            for one in intents:
                assert len(await planes.orders(one)) == 1

            server.kill()
            # Nobody waits for what can't be reached.
            await planes.stop()
        await strategy.close()


def _is(planes: Planes, one: OrderIntent, status: PublishedStatus) -> bool:
    reports = planes.of(one)
    return bool(reports) and reports[-1].status is status
