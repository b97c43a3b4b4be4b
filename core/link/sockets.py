"""Unix sockets that only their owner can use."""

from __future__ import annotations

import errno
import socket
import struct
import sys
from pathlib import Path

from core.errors import LinkError
from core.link.paths import check_length, check_private
from core.private import make_folder

_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1
_XUCRED = struct.Struct("=IIh16I")
"""The BSDs' `struct xucred` (sys/ucred.h): version, uid, number of groups, groups."""
_UCRED = struct.Struct("=iII")
"""Linux's `struct ucred` (unix(7)): pid, uid, gid."""


def peer_uid(connection: socket.socket) -> int:
    """The user on the other end of a Unix socket, by the kernel's word. Raises OSError."""
    if sys.platform == "linux":
        data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        uid: int = _UCRED.unpack(data)[1]
    else:
        uid = _XUCRED.unpack(connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED.size))[1]
    return uid


def listen(path: Path) -> socket.socket:
    """A listening socket at `path`, mode 0600, in a folder that must be ours alone.

    A file that a dead core left there is replaced. Raises LinkError if the folder is open to others, the path is too
    long, something else than a socket is there, or somebody listens there.
    """
    check_length(path)
    make_folder(path.parent)
    check_private(path.parent)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen()
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise LinkError(f"Core can't listen at {path}: {error.strerror}.") from error
    except LinkError:
        listener.close()
        raise
    return listener


def _remove_stale(path: Path) -> None:
    if not path.exists():
        return
    if not path.is_socket():
        raise LinkError(f"{path} is in the way and is no socket. Move it elsewhere.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        answer = probe.connect_ex(str(path))
    if answer != errno.ECONNREFUSED:
        raise LinkError(f"Another core listens at {path}. Attach to it, or end it first.")
    path.unlink(missing_ok=True)
