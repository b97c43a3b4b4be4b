"""A live profile: what a granted order plane has placed, one without a grant never reports as refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from core.domain.authority import GrantLive
from core.domain.published import PublishedStatus
from core.orderplane.bus import Settlement
from core.orderplane.memory_bus import MemoryBus, MemoryHub
from tests.controls.stage import PHRASE, Stage, confirmed
from tests.orderplane.plane import Planes, intent
from tests.processes.orders import journal_of


class _NeverSettles(MemoryBus):
    """A consumer that is cut off from the bus just before an outcome would be noted."""

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        await asyncio.Event().wait()
        raise AssertionError(settlements)


async def test_what_another_has_placed_is_looked_up_before_it_is_called_refused() -> None:
    hub = MemoryHub(abandoned=0.5)
    consumers = iter([_NeverSettles(hub), MemoryBus(hub)])
    async with Stage() as stage:
        await stage.play()
        stage.live_profile()
        async with stage.core("desk", profile="live") as desk:
            await confirmed(desk)
            journal = journal_of(stage.home, "live")
            async with Planes(stage.socket, journal, lambda: next(consumers), hub) as planes:
                granted = planes.start()
                await planes.attached(granted)
                assert (await desk.send(GrantLive(client=granted.client, phrase=PHRASE))).ok
                one = intent()
                await planes.ask(one)
                await planes.whole(one)
                await planes.kill(granted)

                other = planes.start()
                second = intent()
                await planes.ask(second)
                (refused,) = await planes.whole(second)
                await planes.settled(other, 2)

                assert refused.status is PublishedStatus.REJECTED
                assert (other.counts.placed, other.counts.refused) == (1, 1)
                assert PublishedStatus.REJECTED not in {report.status for report in planes.of(one)}
                assert stage.order_frames == ["placeOrder"]
