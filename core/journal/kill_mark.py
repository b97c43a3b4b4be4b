"""The mark of the kill switch beside the journal: it holds where the journal can't be written any more."""

from __future__ import annotations

import logging
from pathlib import Path

from core.domain.trading import KillScope
from core.journal.files import create_private

log = logging.getLogger(__name__)


class KillMarkFile:
    """An empty file named after the scope: even a full disk mostly takes one. Implements `core.ports.KillMark`."""

    def __init__(self, journal: Path) -> None:
        """`journal` is the file that it stands beside."""
        self._paths = {scope: journal.with_name(f"{journal.name}.killed-{scope.lower()}") for scope in KillScope}

    @property
    def scope(self) -> KillScope | None:
        """The widest scope that is marked; None without a mark."""
        found = [scope for scope, path in self._paths.items() if path.exists()]
        return found[-1] if found else None

    def set(self, scope: KillScope) -> None:
        """Leave the mark. Where that fails the log says so: the journal has the kill too, if it can be written."""
        try:
            create_private(self._paths[scope])
        except OSError:
            log.exception("the mark of the kill switch can't be left")

    def clear(self) -> None:
        """Take every mark away. One that stays kills again at the next start, which a person then ends."""
        for path in self._paths.values():
            try:
                path.unlink(missing_ok=True)
            except OSError:
                log.exception("the mark of the kill switch can't be removed")
