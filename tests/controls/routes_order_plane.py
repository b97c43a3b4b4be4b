"""Ways round the live guard by what strategies put on the bus of an order plane."""

from __future__ import annotations

from core.domain.authority import GrantLive
from core.domain.published import PublishedStatus
from core.orderplane.contracts import ExecutionReport
from tests.controls.routes_asked import DESK
from tests.controls.stage import LIVE, PHRASE, Stage, confirmed
from tests.orderplane.plane import Planes, intent
from tests.processes.orders import journal_of


async def order_plane(stage: Stage) -> str:
    """An order plane that nobody granted, whose strategies name the account, and themselves like a desk."""
    await stage.play()
    stage.live_profile()
    async with stage.core(DESK, profile="live") as desk:
        await confirmed(desk)
        async with Planes(stage.socket, journal_of(stage.home, "live")) as planes:
            planes.start()
            return await _refused(planes)


async def order_plane_anew(stage: Stage) -> str:
    """An order plane that has attached anew since a person granted it; what it sent before is the one frame."""
    await stage.play()
    stage.live_profile()
    async with stage.core(DESK, profile="live") as desk:
        await confirmed(desk)
        async with Planes(stage.socket, journal_of(stage.home, "live")) as planes:
            plane = planes.start()
            await planes.attached(plane)
            assert (await desk.send(GrantLive(client=plane.client, phrase=PHRASE))).ok
            granted = intent()
            await planes.ask(granted)
            (report,) = await planes.whole(granted)
            assert report.status is PublishedStatus.FILLED, report
            await planes.stop()
            planes.start()
            return await _refused(planes)


async def _refused(planes: Planes) -> str:
    """What is said to every intent. Raises AssertionError if one is not refused."""
    intents = [intent(), intent(account=LIVE), intent(strategy_id=DESK), intent(strategy_id=f"{DESK}-1")]
    await planes.ask(*intents)
    reports: list[ExecutionReport] = await planes.whole(*intents)
    assert {report.status for report in reports} == {PublishedStatus.REJECTED}, reports
    return ", ".join(sorted({(report.reject_reason or "").partition(":")[0] for report in reports}))
