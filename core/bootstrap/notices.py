"""What people must hear of parts that stand outside the service, kept until the service can tell them."""

from __future__ import annotations

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


class Notices:
    """Texts for people, accounts masked; each goes to the log, and to the listener once there is one."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._listener: Callable[[str], None] | None = None

    def tell(self, text: str) -> None:
        """Something that a person must know: the fact, then what to do."""
        log.warning("%s", text)
        if self._listener is None:
            self._kept.append(text)
        else:
            self._listener(text)

    def listen(self, listener: Callable[[str], None]) -> None:
        """Give `listener` what was kept, and everything from now on."""
        self._listener = listener
        kept, self._kept = self._kept, []
        for text in kept:
            listener(text)
