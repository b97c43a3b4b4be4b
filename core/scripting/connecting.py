"""How scripts and commands reach the core of a profile: the one that runs, or one that is started for them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import MappingProxyType

from core.api import DeskClient, attach, begin_launch
from core.domain.authority import is_desk
from core.domain.commands import Leave
from core.errors import LinkError, LockHeldError, OtherBuildError
from core.link.lock import check_endpoint, running
from core.link.paths import lock_path, socket_path, state_root
from core.settings import read_layers, settings_of
from core.text import clean

START_SECONDS = 20.0
"""How long a core may take to start, its practice gateway included."""

_NO_ARGUMENTS: Mapping[str, str] = MappingProxyType({})


async def connected(
    profile: str,
    client_name: str,
    *,
    arguments: Mapping[str, str] = _NO_ARGUMENTS,
    timeout: float = START_SECONDS,
    start: bool = True,
) -> DeskClient:
    """A client of the profile's core: of the one that runs, else of one that is started now.

    A core that was started so ends by itself once no client is left and nothing of it works at the broker: say
    goodbye with `leave`. The way to the broker may still be down; `core.api.ensure_connected` waits for it.

    Args:
        profile: Whose core; empty for the one that arguments and environment choose, else practice.
        client_name: What kind of program it is, for people and for grants of live trading; never a desk's name.
        arguments: Settings by key (`host`, `port`, `client_id`, `account`, ...), for a core that is started now.
        timeout: Seconds that a start may take.
        start: False attaches to a core that runs and starts none.

    Raises ConfigError for settings that can't be used, LockHeldError if the running core has another gateway than the
    one asked for, OtherBuildError if it is another build, CoreStartError with what core itself said, LinkError if none
    can be reached, ValueError for a desk's name.
    """
    if is_desk(clean(client_name).strip()):
        raise ValueError(f"{client_name!r} is what a screen with a person before it calls itself. Name your program.")
    given = {**arguments, **({"profile": profile} if profile else {})}
    layers = read_layers(given)
    settings = settings_of(layers)
    name = settings.profile
    if not start and not (state_root() / name).is_dir():
        raise LinkError(f"Profile {name} has never been started here. Start it with ibdesk --profile {name}.")
    try:
        client = await attach(socket_path(name), client_name)
    except OtherBuildError:
        raise
    except LinkError:
        if not start:
            raise
        ready = await begin_launch({**given, "profile": name}, name).ready(timeout)
        return await attach(ready.socket, client_name)
    # Whoever names no gateway means the one that the running core has.
    named = {"host", "port"} & {*layers.variables, *layers.arguments}
    holder = running(lock_path(name)) if named else None
    if holder is not None:
        try:
            check_endpoint(name, holder, settings.endpoint)
        except LockHeldError:
            await client.close()
            raise
    return client


async def leave(client: DeskClient) -> None:
    """Detach and say so: a core whose last client this was ends at once if nothing works at the broker."""
    with contextlib.suppress(LinkError):
        await client.send(Leave(stop=False))
    await client.close()
