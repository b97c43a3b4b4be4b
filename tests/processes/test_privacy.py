"""What a real desk, core and gateway leave behind: files that are ours alone, no account number, no open door."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from core.errors import LinkError
from tests.architecture.sources import ROOT
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome
from tests.hostile import ACCOUNT
from tests.processes import core_that_fails
from tests.processes.orders import journal_of
from tests.processes.test_desk import CTRL_Q, DESK, LOOK, PATIENCE, RESTING, buy_at_200, open_desk, wait_ready
from tests.processes.test_lifecycle import exit_of
from tests.processes.test_way_of_an_order import resting_buy

LISTENING = "0A"
"""The state of a listening socket in /proc/net/tcp (proc(5))."""
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}
"""127.0.0.1 and ::1 as /proc/net writes them."""


@contextmanager
def no_umask() -> Iterator[None]:
    """Whatever is made meanwhile, and by processes that start meanwhile, gets the mode that was asked for."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def too_open(folder: Path) -> list[str]:
    """Files and folders below `folder` that others can reach; sockets and what SQLite made are among them."""
    return [
        f"{stat.S_IMODE(path.lstat().st_mode):04o} {path.relative_to(folder)}"
        for path in sorted(folder.rglob("*"))
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]


def doors(pids: list[int]) -> list[str]:
    """The addresses at which these processes listen for TCP, or have a UDP socket, as /proc/net writes them."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                inodes.add(str(link.readlink()))
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if (state == LISTENING or table.startswith("udp")) and f"socket:[{rest[5]}]" in inodes:
                found.append(local)
    return found


def unmasked(folder: Path, *but: str) -> list[str]:
    """The files below `folder` with an account number in them; the journal and the practice account need theirs."""
    return [
        f"{path.relative_to(folder)}: {found.group()}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(but)
        if (found := ACCOUNT.search(path.read_bytes().decode("latin-1")))
    ]


def run(home: DeskHome, *words: str) -> str:
    """What a command of ibdesk says, whatever its exit status."""
    said = subprocess.run(
        [*DESK, *words], cwd=ROOT, env=home.env, capture_output=True, timeout=PATIENCE, check=False, text=True
    )
    return said.stdout + said.stderr


@pytest.mark.timeout(180)
def test_a_whole_session_leaves_nothing_open_and_no_account() -> None:
    with DeskHome() as home, no_umask():
        with open_desk(home) as desk:
            wait_ready(desk)
            buy_at_200(desk)
            desk.wait_for(RESTING, PATIENCE)
            assert too_open(home.folder) == []
            addresses = doors(home.processes())
            assert addresses, "the practice gateway listens somewhere"
            assert [one for one in addresses if one.partition(":")[0] not in LOOPBACK] == []
            shown = [desk.screen.text(), run(home, "config", "show"), run(home, "config", "path")]
            shown.append(run(home, "kill", "--wait", "2", "--json"))
            desk.linger(LOOK)
            desk.send(CTRL_Q)
            desk.linger(LOOK)
            desk.send("2")
            desk.wait_end(PATIENCE)
        kept = home.folder / "kept/of today"
        shown += [run(home, "journal", "export", form) for form in ("--json", "--csv")]
        for words in (["export"], ["export", "--json"], ["export", "--csv"]):
            to = kept / f"{len(words)}{words[-1]}"
            to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            to.parent.parent.chmod(0o700)
            shown.append(run(home, "journal", *words, "--to", str(to)))
            assert to.exists()
        shown.append(run(home, "journal", "backup", "--to", str(home.folder / "backed up/twice")))
        shown.append(run(home, "journal", "verify"))
        shown.append(run(home, "journal", "replay"))
        whole = run(home, "journal", "export", "--json", "--accounts")

        assert too_open(home.folder) == []
        assert [found.group() for text in shown if (found := ACCOUNT.search(text))] == []
        assert unmasked(home.folder, "journal.", "gateway.sqlite3", "endpoint.json") == []
        assert ACCOUNT.search(whole), "an account that was asked for is whole"
        assert ACCOUNT.search(journal_of(home, "practice").read_bytes().decode("latin-1"))
        assert (journal_of(home, "practice").parent / "core.log").read_text()


async def test_a_core_that_fails_names_no_account(capfd: pytest.CaptureFixture[str]) -> None:
    with DeskHome() as home:
        core = await CoreProcess(home, command=("-m", core_that_fails.__name__)).start()
        async with await core.attach() as watcher:
            await watcher.ready_for("AAPL")
            assert (await watcher.send(resting_buy(watcher))).ok
            with pytest.raises(LinkError):
                await asyncio.wait_for(watcher.ended(), PATIENCE)
        assert await exit_of(core) != 0
        said = capfd.readouterr().err
        logged = (journal_of(home, "practice").parent / "core.log").read_text()

    assert "RuntimeError: the timer broke for DU…567" in said
    assert "the timer broke for DU…567" in logged
    assert not ACCOUNT.search(said)
    assert not ACCOUNT.search(logged)


def test_the_pictures_show_no_account() -> None:
    pictures = [*(ROOT / "screenshots").glob("*.svg"), *(ROOT / "tests/snapshots").rglob("*.svg")]

    assert pictures
    assert [path.name for path in pictures if ACCOUNT.search(path.read_text(encoding="utf-8"))] == []
