"""How the front door reaches core: the one it started, the one that runs, or a new one where it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.api import DeskClient, PendingCore, attach, begin_launch
from core.errors import LinkError

READY_SECONDS = 20.0
"""How long a core may take to start, its practice gateway included."""

CLIENT = "desk"
"""The name of this kind of client, for people."""


class Reach:
    """Attaches again and again with the same arguments; `connect` is what the bridge calls."""

    def __init__(self, arguments: Mapping[str, str], begun: PendingCore | None) -> None:
        """Create it.

        Args:
            arguments: Settings as given on the command line, by key, the profile among them if one was named.
            begun: A core that was started with them already; None starts one at the first need.
        """
        self._arguments = dict(arguments)
        self._begun = begun
        self._socket: Path | None = None

    async def connect(self) -> DeskClient:
        """One attachment to a living core.

        Raises CoreStartError with what core said when it could not start, LinkError when it can't be spoken to.
        """
        if self._socket is not None:
            try:
                return await attach(self._socket, CLIENT)
            except LinkError:
                # It has ended, or is ending: a new one takes over its journal.
                self._socket = None
        begun, self._begun = self._begun, None
        pending = begun or begin_launch(self._arguments, self._arguments.get("profile", "practice"))
        ready = await pending.ready(READY_SECONDS)
        client = await attach(ready.socket, CLIENT)
        self._socket = ready.socket
        return client
