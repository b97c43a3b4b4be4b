"""The state of the way to the broker, kept and published in one place."""

from __future__ import annotations

from msgspec.structs import replace

from core.clock import Clock
from core.domain.alerts import AlertKind
from core.domain.connection import Connection
from core.domain.events import ConnectionChanged, Severity
from core.execution.incidents import incident
from core.execution.publisher import Publisher
from core.execution.state import DeskState


class LinkStatus:
    """Changes the connection that desks see, and tells what goes with that."""

    def __init__(self, state: DeskState, publisher: Publisher, clock: Clock) -> None:
        """All parts are those of the one service."""
        self._state = state
        self._publisher = publisher
        self._clock = clock

    @property
    def connection(self) -> Connection:
        """The state that desks see."""
        return self._state.connection

    def set(self, **changes: object) -> None:
        """Change fields of the connection; published if anything is different."""
        before = self._state.connection
        if "state" in changes and changes["state"] is not before.state:
            changes["since"] = self._clock.utc()
        self._state.connection = replace(before, **changes)
        if self._state.connection != before:
            self._publisher.facts([ConnectionChanged(connection=self._state.connection)])

    def note(self, **changes: object) -> None:
        """Change fields that desks learn otherwise: no fact is made of it."""
        self._state.connection = replace(self._state.connection, **changes)

    def tell(
        self,
        text: str,
        severity: Severity = Severity.WARNING,
        kind: AlertKind = AlertKind.DEGRADATION,
        cause: str = "",
    ) -> None:
        """Publish an incident that is about no order; `kind` and `cause` as `Incident` has them."""
        self._publisher.facts([incident(self._state, self._clock, text, severity, kind=kind, cause=cause)])
