"""How long a core lasts, in a clock that jumps."""

from __future__ import annotations

import asyncio
import logging

import pytest

from core.bootstrap.lifetime import DESERTED_SECONDS, FIRST_DESK_SECONDS, Lifetime, PartFailedError
from core.domain.commands import Leave, PlaceOrder
from core.domain.events import TradingState
from core.link.tenure import Standing
from tests.execution.clockwork import jumping
from tests.execution.reports import buy
from tests.execution.rig import Rig, rig


def forever() -> asyncio.Task[None]:
    """A service that runs on."""
    return asyncio.create_task(_sleep())


async def _sleep() -> None:
    await asyncio.Event().wait()


async def lasts(desk: Rig, lifetime: Lifetime) -> float:
    """Seconds until core should end."""
    begun = desk.clock.mono()
    running = forever()
    await lifetime.over(running)
    running.cancel()
    return desk.clock.mono() - begun


@jumping
async def test_without_a_desk_it_ends_after_a_minute_and_half_a_minute_after_the_last_one() -> None:
    async with rig() as desk:
        assert await lasts(desk, Lifetime(desk.service, desk.clock)) == pytest.approx(FIRST_DESK_SECONDS, abs=2)

        desk.service.desk_attached("desk-1")
        asyncio.get_running_loop().call_later(600, desk.service.desk_gone, "desk-1")
        assert await lasts(desk, Lifetime(desk.service, desk.clock)) == pytest.approx(600 + DESERTED_SECONDS, abs=2)


@jumping
async def test_an_order_keeps_it_and_counts_for_whoever_would_restart_it() -> None:
    async with rig() as desk:
        lifetime = Lifetime(desk.service, desk.clock)
        assert lifetime.standing() == Standing(0, 0)
        assert (await desk.send(PlaceOrder(request=buy()))).ok
        assert lifetime.standing() == Standing(1, 1)
        asyncio.get_running_loop().call_later(7200, lifetime.retire, "desk")

        assert await lasts(desk, lifetime) == pytest.approx(7200, abs=2)
        assert "another build" in lifetime.farewell


@jumping
async def test_a_service_that_fails_halts_first() -> None:
    async with rig() as desk:
        lifetime = Lifetime(desk.service, desk.clock)

        async def fail() -> None:
            raise ExceptionGroup("tasks", [ValueError("no reader")])

        with pytest.raises(PartFailedError, match=r"The service failed \(ValueError: no reader\)"):
            await lifetime.over(asyncio.create_task(fail()))

        assert desk.snapshot.trading_state is TradingState.HALTED
        assert "no reader" in desk.snapshot.incidents[-1].text


@jumping
async def test_a_client_that_comes_as_core_is_about_to_end_keeps_it(caplog: pytest.LogCaptureFixture) -> None:
    """The last desk left with a word, and another one came before the link turned it away."""
    async with rig() as desk:
        ended: list[float] = []
        lifetime = Lifetime(desk.service, desk.clock)
        desk.service.desk_attached("one-1")
        assert (await desk.service.execute(Leave(stop=False), "one-1")).ok
        running = forever()
        over = asyncio.create_task(lifetime.over(running, lambda: ended.append(desk.clock.mono())))
        await asyncio.sleep(0)

        begun = desk.clock.mono()
        desk.service.desk_gone("one-1")
        assert desk.service.told_to_stop
        asyncio.get_running_loop().call_soon(desk.service.desk_attached, "two-2")
        asyncio.get_running_loop().call_later(100, desk.service.desk_gone, "two-2")
        with caplog.at_level(logging.INFO, "core.bootstrap.lifetime"):
            await over
        running.cancel()
        assert "a client came while core was about to end: it goes on" in caplog.messages
        assert ended == [pytest.approx(begun + 100 + DESERTED_SECONDS, abs=2)]
