"""Who reads what: the subscriptions of one kind, by instrument, by client and request id."""

from __future__ import annotations

from collections.abc import ItemsView
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from core.practice.session import Session

T = TypeVar("T")


class Readers(Generic[T]):
    """Subscriptions of one kind; what each needs to remember stands with it."""

    def __init__(self) -> None:
        self._by_contract: dict[int, dict[tuple[Session, int], T]] = {}
        self._by_session: dict[Session, dict[int, int]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_contract)

    def add(self, session: Session, request_id: int, con_id: int, reader: T) -> None:
        """Add a subscription; its id must be free."""
        self._by_contract.setdefault(con_id, {})[session, request_id] = reader
        self._by_session.setdefault(session, {})[request_id] = con_id

    def pop(self, session: Session, request_id: int) -> T | None:
        """End a subscription and return what it remembered, None if there is none of that id."""
        ids = self._by_session.get(session, {})
        con_id = ids.pop(request_id, None)
        if con_id is None:
            return None
        if not ids:
            del self._by_session[session]
        readers = self._by_contract[con_id]
        reader = readers.pop((session, request_id))
        if not readers:
            del self._by_contract[con_id]
        return reader

    def ids(self, session: Session) -> frozenset[int]:
        """Return the request ids of a client's subscriptions."""
        return frozenset(self._by_session.get(session, ()))

    def forget(self, session: Session) -> None:
        """End all subscriptions of a client."""
        for request_id in self.ids(session):
            self.pop(session, request_id)

    def by_contract(self) -> ItemsView[int, dict[tuple[Session, int], T]]:
        """Return the subscriptions of each instrument that has any."""
        return self._by_contract.items()

    def of(self, con_id: int) -> dict[tuple[Session, int], T]:
        """Return the subscriptions of one instrument."""
        return self._by_contract.get(con_id, {})
