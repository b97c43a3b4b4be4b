"""The practice gateway that core keeps: real processes, killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
from pathlib import Path

import pytest

from core.bootstrap import gateway
from core.bootstrap.gateway import PracticeGateway
from core.errors import ConnectError

SECONDS = 20.0


async def kill(running: PracticeGateway) -> int:
    """SIGKILL to the process; returns its pid once it is gone."""
    pid = running.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert await asyncio.to_thread(running._is_gone_within, SECONDS)
    return pid


async def test_restarts_are_spaced_told_and_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(gateway, "MOST_RESTARTS", 2)
    told: list[str] = []
    running = PracticeGateway(0, 1, tmp_path / "practice", tell=told.append)
    try:
        pids = set()
        for _ in range(3):
            await asyncio.wait_for(running.endpoint(), SECONDS)
            pids.add(await kill(running))
        assert len(pids) == 3
        assert len(told) == 2
        assert set(told) == {"The practice gateway ended by itself (it said nothing). It is started again."}

        for _ in range(2):
            with pytest.raises(ConnectError, match="ended 3 times within 10 minutes"):
                await running.endpoint()
        assert len(told) == 2

        monkeypatch.setattr(gateway, "RESTARTS_WITHIN", 0.0)
        await asyncio.wait_for(running.endpoint(), SECONDS)
        assert len(told) == 3
    finally:
        await running.stop()


async def test_what_it_says_is_for_its_owner_alone(tmp_path: Path) -> None:
    running = PracticeGateway(0, 1, tmp_path / "practice")
    former = os.umask(0)
    try:
        await asyncio.wait_for(running.endpoint(), SECONDS)
        words = tmp_path / "practice" / "gateway.stderr"
        assert stat.S_IMODE(words.stat().st_mode) == 0o600
    finally:
        os.umask(former)
        await running.stop()


async def test_one_that_an_earlier_core_left_is_adopted(tmp_path: Path) -> None:
    former = PracticeGateway(0, 1, tmp_path / "practice")
    later = PracticeGateway(0, 1, tmp_path / "practice")
    try:
        endpoint = await asyncio.wait_for(former.endpoint(), SECONDS)

        assert await asyncio.wait_for(later.endpoint(), SECONDS) == endpoint
        assert later.pid == former.pid
    finally:
        await former.stop()


async def test_one_that_quotes_another_number_of_instruments_is_started_again(tmp_path: Path) -> None:
    told: list[str] = []
    former = PracticeGateway(0, 1, tmp_path / "practice", 100)
    later = PracticeGateway(0, 1, tmp_path / "practice", 500, tell=told.append)
    try:
        await asyncio.wait_for(former.endpoint(), SECONDS)
        # Its core has ended, and nobody but init waits for it.
        reaping = asyncio.create_task(asyncio.to_thread(former._is_gone_within, SECONDS))
        endpoint = await asyncio.wait_for(later.endpoint(), SECONDS)

        assert await reaping
        assert later.pid != former.pid
        assert told == ["The practice gateway is started again: it is to quote 500 instruments at a time."]
        record = json.loads((tmp_path / "practice" / "endpoint.json").read_text())
        assert (record["pid"], record["port"], record["lines"]) == (later.pid, endpoint.port, 500)
    finally:
        await later.stop()
