"""The process beside core: told of rows, heard, started again, ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.bootstrap import records
from core.bootstrap.records import RecordsProcess

ECHO = "import sys\nfor line in sys.stdin: print('read', line.strip(), flush=True)\nprint('end', flush=True)"
PATIENCE = 10.0


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(records, "TELL_SECONDS", 0.01)
    monkeypatch.setattr(records, "PAUSES", (0.01, 60.0))


class _Desk:
    """What desks are told, and how far the journal is durable."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.durable = 1

    async def hears(self, wanted: Sequence[str]) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                if self.told == wanted:
                    return
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(desk: _Desk, folder: Path, code: str) -> AsyncIterator[RecordsProcess]:
    process = RecordsProcess(
        folder / "journal.db", folder / "kept", lambda: desk.durable, desk.told.append, command=("-c", code)
    )
    task = asyncio.create_task(process.run())
    try:
        yield process
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await process.close(wanted=False)


async def test_it_is_told_of_new_rows_and_of_the_end(tmp_path: Path) -> None:
    desk = _Desk()
    async with running(desk, tmp_path, ECHO) as process:
        await desk.hears(["read 1"])
        desk.durable = 7
        await desk.hears(["read 1", "read 7"])
        assert process.pid is not None

    assert desk.told == ["read 1", "read 7", "end"]
    assert process.pid is None


async def test_one_that_fails_is_told_of_and_started_again(tmp_path: Path) -> None:
    desk = _Desk()
    async with running(desk, tmp_path, "import sys; sys.exit('the disk is gone')"):
        async with asyncio.timeout(PATIENCE):
            while True:
                if len(desk.told) == 2:
                    break
                await asyncio.sleep(0.01)

    first, second = desk.told
    assert f"ended with status 1, its last words are in {tmp_path / 'records.stderr'}" in first
    assert "Nothing is lost: ibdesk ledger build" in first
    assert ("started again in 0 s" in first, "started again in 60 s" in second) == (True, True)
    assert (tmp_path / "records.stderr").read_text() == "the disk is gone\n"


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_core_that_ends_at_once_has_it_look_if_there_is_something_to_keep(tmp_path: Path, wanted: bool) -> None:
    note = tmp_path / "note"
    code = f"import sys; sys.stdin.read(); open({str(note)!r}, 'w').close()"
    process = RecordsProcess(tmp_path / "journal.db", tmp_path / "kept", int, pytest.fail, command=("-c", code))
    await process.close(wanted=wanted)
    if process._left_alone is not None:
        await asyncio.to_thread(process._left_alone.wait, PATIENCE)

    assert note.exists() is wanted
