"""Where sockets and state live, and that a profile has one core."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from core.errors import ConfigError, LinkError
from core.link.lock import CoreLock, LockRecord, ProfileHeldError
from core.link.paths import PATH_LIMIT, lock_path, runtime_dir, socket_path, state_dir, state_root

ROOT = Path(__file__).resolve().parents[2]

RECORD = LockRecord(pid=os.getpid(), session="S", endpoint="127.0.0.1:7497", socket="/run/s.sock")

HOLD = """
import os, sys
from pathlib import Path
from core.link.lock import CoreLock, LockRecord
CoreLock(Path(sys.argv[1])).acquire(LockRecord(pid=os.getpid(), session="T", endpoint="127.0.0.1:4002", socket="t"))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_folders(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))


def mode(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_made_for_us_alone(folder: Path) -> None:
    old = os.umask(0)
    try:
        assert state_dir("paper") == folder / "state" / "ibdesk" / "paper"
        assert runtime_dir() == folder / "run" / "ibdesk"
    finally:
        os.umask(old)

    assert (mode(state_dir("paper")), mode(runtime_dir())) == (0o700, 0o700)
    assert lock_path("paper") == state_dir("paper") / "core.lock"


def test_folder_that_others_can_enter_is_refused(folder: Path) -> None:
    runtime_dir().chmod(0o750)
    with pytest.raises(LinkError, match="chmod 700"):
        socket_path("paper")


def test_folder_that_is_a_link_is_refused(folder: Path) -> None:
    (folder / "elsewhere").mkdir(mode=0o700)
    (folder / "run").mkdir()
    (folder / "run" / "ibdesk").symlink_to(folder / "elsewhere")

    with pytest.raises(LinkError, match="nobody else can enter"):
        runtime_dir()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_user_is_refused(folder: Path) -> None:
    os.chown(runtime_dir(), 65534, 65534)
    with pytest.raises(LinkError, match="folder of yours"):
        runtime_dir()


@pytest.mark.parametrize("name", ["", "..", "a/b", "a b", "-a", "x" * 41, "é"])
def test_name_that_is_no_folders_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="can't name a profile"):
        state_dir(name)


def test_socket_is_named_after_profile_and_state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = socket_path("paper")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "other"))

    assert first.parent == runtime_dir()
    assert first.name.startswith("paper-")
    assert first == first.parent / first.name
    assert len({first, socket_path("paper"), socket_path("live")}) == 3


def test_socket_path_stays_short(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = folder / ("d" * (PATH_LIMIT - len(str(folder)) - len("/run/ibdesk/") - 22))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep / "run"))
    hashed = socket_path("p" * 40)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / ("d" * 90)))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    elsewhere = socket_path("p" * 40)

    assert hashed.parent == deep / "run" / "ibdesk"
    assert elsewhere.parent == folder / f"ibdesk-{os.getuid()}"
    assert max(len(os.fsencode(hashed)), len(os.fsencode(elsewhere))) <= PATH_LIMIT


def test_without_the_variables_folders_are_the_systems(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "relative")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))

    assert runtime_dir() == folder / f"ibdesk-{os.getuid()}"
    assert folder in state_root().parents
    assert "ibdesk" in state_root().name


def hold(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock until its input ends."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_second_core_learns_who_holds_the_profile() -> None:
    path = lock_path("paper")
    with hold(path) as child:
        with pytest.raises(ProfileHeldError, match=r"127\.0\.0\.1:4002") as caught:
            CoreLock(path).acquire(RECORD)
        child.kill()

    assert caught.value.holder == LockRecord(pid=child.pid, session="T", endpoint="127.0.0.1:4002", socket="t")
    assert mode(path) == 0o600


def test_lock_of_a_killed_core_is_free() -> None:
    path = lock_path("paper")
    with hold(path) as child:
        child.kill()
        child.wait()
    lock = CoreLock(path)
    lock.acquire(RECORD)

    with pytest.raises(ProfileHeldError) as caught:
        CoreLock(path).acquire(RECORD)
    assert caught.value.holder == RECORD
    lock.release()


def test_released_lock_is_free_and_can_be_written_no_more() -> None:
    path = lock_path("paper")
    lock = CoreLock(path)
    lock.acquire(RECORD)
    lock.release()
    lock.release()
    with pytest.raises(LinkError, match="not locked"):
        lock.write(RECORD)
    second = CoreLock(path)
    second.acquire(RECORD)
    second.release()


def test_processes_that_core_starts_do_not_keep_its_lock() -> None:
    path = lock_path("paper")
    lock = CoreLock(path)
    lock.acquire(RECORD)
    code = "import os, sys\nfor fd in range(256):\n    try: print(os.fstat(fd).st_ino)\n    except OSError: pass"
    child = subprocess.run([sys.executable, "-c", code], close_fds=False, capture_output=True, check=True, timeout=20)
    lock.release()

    assert len(child.stdout.split()) >= 3
    assert str(path.stat().st_ino).encode() not in child.stdout.split()


def test_record_of_a_core_that_ended_is_not_believed() -> None:
    path = lock_path("paper")
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    lock = CoreLock(path)
    lock.acquire(LockRecord(pid=ended.pid, session="old", endpoint="e", socket="s"))

    with pytest.raises(ProfileHeldError, match="Another core") as caught:
        CoreLock(path).acquire(RECORD)
    assert caught.value.holder is None
    lock.release()
