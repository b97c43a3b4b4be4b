"""What ibdesk writes is its owner's alone, whatever the umask says."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.private import exposure, make_folder, open_file


@pytest.fixture(autouse=True)
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_every_folder_that_is_made_is_private_and_one_that_exists_stays(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_folder(tmp_path / "a/b/c")
    make_folder(tmp_path / "a")

    assert [mode(tmp_path / one) for one in ("a", "a/b", "a/b/c", "")] == [0o700, 0o700, 0o700, 0o755]


def test_a_file_is_private_and_a_link_is_refused(tmp_path: Path) -> None:
    os.close(open_file(tmp_path / "new", os.O_WRONLY))
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    assert mode(tmp_path / "new") == 0o600
    with pytest.raises(OSError, match="symbolic links"):
        open_file(tmp_path / "link", os.O_WRONLY)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("bits", "can"),
    [(0o600, ""), (0o400, ""), (0o700, ""), (0o640, "read"), (0o604, "read"), (0o620, "change"), (0o666, "change")],
)
def test_what_others_can_do_is_told_with_the_way_to_mend_it(bits: int, can: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(bits)

    told = f"Others can {can} {path} (mode {bits:04o}). Make it yours: chmod 600 {path}." if can else ""
    assert exposure(path) == told
