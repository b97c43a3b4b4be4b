"""`ibdesk order-plane` as processes on a Redis or Valkey of the test, which start a practice core between them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from core.domain.published import PublishedStatus
from core.orderplane.contracts import ExecutionReport, OrderIntent
from core.orderplane.redis_bus import RedisStrategy
from tests.architecture.sources import ROOT
from tests.cli.ibdesk import ibdesk
from tests.core_process import PATIENCE
from tests.desk_home import DeskHome
from tests.orderplane.plane import body, intent
from tests.redis_server import needs_server, running_redis

pytestmark = needs_server
NOT_STARTED = 2


@contextmanager
def order_plane(home: DeskHome, bus: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """One that runs, killed at the end if it still does."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tui", "order-plane", *words],
        env={**home.env, "PYTHONPATH": str(ROOT), "IBDESK_BUS": bus},
        cwd=home.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


async def said(process: subprocess.Popen[str], word: str) -> str:
    """The first line of its standard error with a word in it."""
    assert process.stderr is not None
    lines = process.stderr

    def look() -> str:
        return next(line for line in lines if word in line)

    return await asyncio.wait_for(asyncio.to_thread(look), PATIENCE)


async def filled(reports: AsyncIterator[tuple[str, bytes]], one: OrderIntent) -> ExecutionReport:
    """The report that an intent is filled."""
    async with asyncio.timeout(PATIENCE):
        async for _, text in reports:
            report = ExecutionReport.model_validate_json(text)
            if report.intent_id == one.intent_id and report.status is PublishedStatus.FILLED:
                return report
    raise AssertionError("the reports ended")


@pytest.mark.covers("D0.12", "D0.14")
async def test_planes_come_and_go_and_each_intent_is_placed_once() -> None:
    with DeskHome() as home:
        async with running_redis() as server:
            server.stop()
            with order_plane(home, server.url) as first:
                away = await said(first, "The bus at")
                assert server.url.removeprefix("unix://") in away
                await server.start()
                await said(first, "Attached to core as order-plane-1, profile practice.")
                strategy = RedisStrategy(server.url)
                reports = strategy.reports()
                one, other = intent(), intent()
                await strategy.ask(body(one))
                await filled(reports, one)

            with order_plane(home, server.url, "--json", "--debug") as second:
                await strategy.ask(body(one))
                await strategy.ask(body(other))
                await filled(reports, other)
                await strategy.close()

                second.terminate()
                out, _ = await asyncio.to_thread(second.communicate, timeout=PATIENCE)
                assert second.returncode == 0
                figures = json.loads(out)
                assert (figures["refused"], figures["aside"]) == (0, 0)
                orders = ibdesk(home, "orders", "--all", "--json").rows("orders")
                assert [order["state"] for order in orders] == ["FILLED", "FILLED"]


def test_what_can_not_work_is_named() -> None:
    with DeskHome() as home:
        bus = ibdesk(home, "order-plane", "--bus", "http://:secret@127.0.0.1")
        part = ibdesk(home, "order-plane", "--pov", "nan")

    assert bus.status == part.status == NOT_STARTED
    assert "127.0.0.1 is no address of Redis or Valkey" in bus.err
    assert "secret" not in bus.err
    assert "'nan' is no percentage" in part.err
