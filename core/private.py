"""Files and folders that nobody else can open, whatever the umask says."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, mode 0700; one that exists stays as it is. Raises OSError."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)


def open_file(path: Path, flags: int) -> int:
    """A descriptor of `path`, made with mode 0600 if it is missing; a symbolic link is refused. Raises OSError."""
    return os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def exposure(path: Path) -> str:
    """What others can do with a file, and how to mend it; empty if it is ours alone. Raises OSError."""
    found = path.stat()
    if found.st_uid != os.getuid():
        return f"{path} belongs to another user. Put a copy of your own in its place."
    mode = stat.S_IMODE(found.st_mode)
    if not mode & 0o077:
        return ""
    can = "change" if mode & 0o022 else "read"
    return f"Others can {can} {path} (mode {mode:04o}). Make it yours: chmod 600 {path}."
