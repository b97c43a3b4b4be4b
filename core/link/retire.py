"""Ending a core of another build, in messages that every build understands."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec

from core.errors import LinkError, OtherBuildError
from core.link.sockets import peer_uid
from core.link.wire import FrameReader, FromCore, Refusal, Retire, Retiring, core_decoder, frame
from core.text import clean

RETIRE_TIMEOUT_S = 15.0
"""How long core may take to end: its last commands, its journal, its practice gateway."""

_CHUNK = 64 << 10


def other_build(refusal: Refusal, socket: Path) -> OtherBuildError:
    """The error for a core of another build, as it said itself."""
    return OtherBuildError(clean(refusal.reason), socket=socket, working=refusal.working, in_flight=refusal.in_flight)


async def retire(path: Path, client_name: str, accepted_in_flight: int, timeout: float = RETIRE_TIMEOUT_S) -> None:
    """Have the core at `path` end, whatever its build; returns once it lets its clients go.

    `accepted_in_flight` is how many orders in flight a person was told of. Raises OtherBuildError if there are more
    now, LinkError if core can't be asked or doesn't end within `timeout` seconds. One that is gone already is no error.
    """
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_unix_connection(str(path))
            try:
                if peer_uid(writer.get_extra_info("socket")) != os.getuid():
                    raise LinkError("Another user listens on core's socket; nothing was sent. Remove its folder.")
                writer.write(frame(Retire(client_name=client_name, accepted_in_flight=accepted_in_flight)))
                await _until_gone(reader, path)
            finally:
                writer.close()
    except TimeoutError:
        raise LinkError(f"Core did not end within {timeout:g} s ({path}). Its log says what holds it.") from None
    except (FileNotFoundError, ConnectionError):
        return
    except OSError as error:
        raise LinkError(f"Core can't be reached at {path}: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise LinkError(f"What core said can't be read ({error}). End it by hand and start again.") from error


async def _until_gone(reader: asyncio.StreamReader, path: Path) -> None:
    frames = FrameReader()
    promised = False
    while data := await reader.read(_CHUNK):
        for body in frames.feed(data):
            message: FromCore = core_decoder().decode(body)
            match message:
                case Retiring():
                    promised = True
                case Refusal(other_build=True):
                    raise other_build(message, path)
                case Refusal(reason=reason) if not promised:
                    raise LinkError(clean(reason))
                case _:
                    pass
