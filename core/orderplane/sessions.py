"""The order plane's way to core: lost and found again, while what works on intents waits."""

from __future__ import annotations

import asyncio

from core.api import DeskClient
from core.domain.events import Snapshot
from core.orderplane.symbols import Symbols
from core.orderplane.view import View


class CoreSession:
    """One attachment to core."""

    def __init__(self, client: DeskClient, snapshot: Snapshot, view: View) -> None:
        """`view` was made of `snapshot`."""
        self.client = client
        self.snapshot = snapshot
        self.view = view
        self.symbols = Symbols(client, view)


class Sessions:
    """Where the present session is had from."""

    def __init__(self) -> None:
        """There is none yet."""
        self._present: asyncio.Future[CoreSession] | None = None

    @property
    def present(self) -> CoreSession | None:
        """The session; None while there is none."""
        return self._present.result() if self._present is not None and self._present.done() else None

    async def get(self) -> CoreSession:
        """The session, as soon as there is one."""
        return await asyncio.shield(self._future())

    def found(self, session: CoreSession) -> None:
        """Core is attached."""
        self._future().set_result(session)

    def lost(self, session: CoreSession) -> None:
        """The link of a session broke: whoever asks waits for the next one. Does nothing if there is one already."""
        if self._present is not None and self._present.done() and self._present.result() is session:
            self._present = None

    def _future(self) -> asyncio.Future[CoreSession]:
        if self._present is None:
            self._present = asyncio.get_running_loop().create_future()
        return self._present
