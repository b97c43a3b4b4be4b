"""Starting a core: what it says, and what is said when it says nothing."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from core.errors import CoreStartError
from core.link.launch import CoreReady, PendingCore, spawn

READY = '{"ready": {"socket": "/run/s.sock", "session": "S", "pid": 7, "attached": false}}'


def python(code: str, log: Path) -> PendingCore:
    """A core that runs `code`, with `say(text)` for its one line."""
    begin = "import os, sys, time\ndef say(text): os.write(3, text.encode())\n"
    return spawn([sys.executable, "-c", begin + code], log)


@pytest.fixture
def log(folder: Path) -> Path:
    return folder / "core.stderr"


def reap(pending: PendingCore) -> int:
    """The exit status, once it ended; the one that is known already would raise ChildProcessError."""
    return os.waitstatus_to_exitcode(os.waitpid(pending.pid, 0)[1])


async def test_ready_core_is_told(log: Path) -> None:
    pending = python(f"say({READY!r} + chr(10)); time.sleep(0.2)", log)

    assert await pending.ready(20) == CoreReady(Path("/run/s.sock"), "S", 7, attached=False)
    assert reap(pending) == 0


async def test_line_may_come_in_pieces_and_without_its_end(log: Path) -> None:
    pending = python(f"say({READY[:20]!r}); time.sleep(0.1); say({READY[20:]!r})", log)

    assert (await pending.ready(20)).session == "S"
    assert reap(pending) == 0


async def test_core_has_its_own_session_no_terminal_and_a_private_log(log: Path) -> None:
    pending = python(
        "print('out', os.getsid(0) == os.getpid(), repr(sys.stdin.read()), flush=True)\n"
        f"print('err', file=sys.stderr); say({READY!r})",
        log,
    )
    await pending.ready(20)
    reap(pending)

    assert log.read_text() == "out True ''\nerr\n"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


async def test_log_of_the_last_start_is_kept_until_it_is_large(log: Path) -> None:
    log.write_text("before\n")
    reap(python("print('a')", log))
    assert log.read_text() == "before\na\n"
    log.write_text("x" * (2 << 20))
    reap(python("print('b')", log))
    assert log.read_text() == "b\n"


async def test_error_of_core_keeps_its_title_and_words(log: Path) -> None:
    pending = python("""say('{"error": {"title": "Settings", "text": "prt is no \\\\u001b[2J key"}}')""", log)
    with pytest.raises(CoreStartError, match=r"^prt is no  key$") as caught:
        await pending.ready(20)

    assert caught.value.title == "Settings"
    assert CoreStartError.title != "Settings"


@pytest.mark.parametrize(
    "code",
    [
        "say('hello\\n')",
        "say('{}\\n')",
        "say('[1]')",
        """say('{"ready": {"pid": 1}}')""",
        "os.write(3, b'\\xff\\x1b[2J\\n')",
    ],
)
async def test_garbage_is_named_and_the_log_with_it(log: Path, code: str) -> None:
    with pytest.raises(CoreStartError, match=r"said something else .*core\.stderr") as caught:
        await python(code, log).ready(20)

    assert "\x1b" not in str(caught.value)


async def test_endless_line_is_ended(log: Path) -> None:
    with pytest.raises(CoreStartError, match="said something else"):
        await python("while True: say('x' * 4096)", log).ready(20)


async def test_core_that_ends_without_a_word(log: Path) -> None:
    with pytest.raises(CoreStartError, match=r"ended before it was ready.*core\.stderr"):
        await python("raise SystemExit(3)", log).ready(20)


async def test_core_that_is_silent(log: Path) -> None:
    pending = python("os.read(0, 1); time.sleep(30)", log)
    with pytest.raises(CoreStartError, match=r"within 0\.05 s"):
        await pending.ready(0.05)
    os.kill(pending.pid, 9)

    assert reap(pending) == -9
    with pytest.raises(CoreStartError, match="given up"):
        await pending.ready(1)


async def test_core_that_cannot_be_started(folder: Path) -> None:
    with pytest.raises(CoreStartError, match="No such file"):
        spawn([str(folder / "nothing")], folder / "core.stderr")
    (folder / "file").touch()
    with pytest.raises(CoreStartError, match="Not a directory"):
        spawn([sys.executable], folder / "file" / "core.stderr")
