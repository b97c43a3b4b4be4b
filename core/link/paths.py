"""Where a profile keeps its state and where its core listens."""

from __future__ import annotations

import os
import re
from pathlib import Path

from core.errors import ConfigError, LinkError
from core.private import make_folder

APP = "ibdesk"

PATH_LIMIT = 100
"""Bytes that a socket's path may have: systems take 103 to 107."""

_PROFILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def runtime_dir() -> Path:
    """The folder for sockets, ours alone (0700), made if it is missing: `$XDG_RUNTIME_DIR/ibdesk`, else one in /tmp.

    Raises LinkError if somebody else made it or can enter it.
    """
    base = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    return _private(base / APP) if base.is_absolute() else _temporary_dir()


def state_root() -> Path:
    """The folder of all profiles' state; not made here. XDG_STATE_HOME moves it on every system."""
    base = Path(os.environ.get("XDG_STATE_HOME", ""))
    if base.is_absolute():
        return base / APP
    from platformdirs import user_state_path

    return user_state_path(APP, appauthor=False)


def state_dir(profile: str) -> Path:
    """The folder of one profile's state, ours alone (0700), made if it is missing.

    Raises ConfigError for a name that can't be a folder's, LinkError if others can enter the folder.
    """
    if not _PROFILE.fullmatch(profile):
        raise ConfigError(f"{profile!r} can't name a profile: use up to 40 letters, digits, - and _.")
    return _private(state_root() / profile)


def socket_path(profile: str) -> Path:
    """Where the core of this profile listens: named after the profile and its state folder.

    So that two state folders never share a core. Raises as `state_dir` and `runtime_dir` do.
    """
    from hashlib import sha256

    state = state_dir(profile)
    mark = sha256(os.fsencode(state)).hexdigest()
    named = runtime_dir() / f"{profile}-{mark[:8]}.sock"
    if len(os.fsencode(named)) <= PATH_LIMIT:
        return named
    short = runtime_dir() / f"{mark[:16]}.sock"
    if len(os.fsencode(short)) <= PATH_LIMIT:
        return short
    return _temporary_dir() / f"{mark[:16]}.sock"


def lock_path(profile: str) -> Path:
    """The file that the running core of this profile keeps locked."""
    return state_dir(profile) / "core.lock"


def check_length(path: Path) -> None:
    """Raise LinkError if no system would take `path` for a socket."""
    if len(os.fsencode(path)) > PATH_LIMIT:
        raise LinkError(
            f"The socket's path {path} is longer than {PATH_LIMIT} bytes. Set XDG_RUNTIME_DIR to a shorter folder."
        )


def check_private(folder: Path) -> None:
    """Raise LinkError unless `folder` is a folder of ours that nobody else can enter."""
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or not folder.is_dir() or folder.is_symlink():
        raise LinkError(
            f"{folder} must be a folder of yours that nobody else can enter: others could reach core through it. "
            f"Make it so (chmod 700 {folder}), or remove it."
        )


def _temporary_dir() -> Path:
    import tempfile

    return _private(Path(tempfile.gettempdir()) / f"{APP}-{os.getuid()}")


def _private(folder: Path) -> Path:
    make_folder(folder)
    check_private(folder)
    return folder
