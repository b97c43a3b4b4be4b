"""Who is attached to core, and what the last one who left wanted."""

from __future__ import annotations

import asyncio


class Attendance:
    """The desks and scripts of this run of core."""

    def __init__(self) -> None:
        """Nobody is there yet."""
        self._desks: dict[str, None] = {}
        self._departing: dict[str, bool] = {}
        self._last_word: bool | None = None
        self.changed = asyncio.Event()
        """Set when a desk attached or left; whoever waits clears it."""

    def __len__(self) -> int:
        """Clients attached now."""
        return len(self._desks)

    def came(self, client: str) -> None:
        """A client finished its Hello."""
        self._desks[client] = None
        self._last_word = None
        self.changed.set()

    def leaves(self, client: str, *, stop: bool) -> None:
        """A client says that it is about to leave, and whether core is to stop."""
        self._departing[client] = stop

    def went(self, client: str) -> None:
        """Its socket closed, for whatever reason."""
        word = self._departing.pop(client, None)
        if client in self._desks:
            del self._desks[client]
            self._last_word = word
        self.changed.set()

    def told_to_stop(self, *, working: bool) -> bool:
        """True once the last desk left with a word, and wanted core to stop or left nothing `working`.

        What desks before it wanted is over, and a last desk that was lost wants nothing.
        """
        if self._desks or self._last_word is None:
            return False
        return self._last_word or not working
