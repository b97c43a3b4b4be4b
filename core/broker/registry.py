"""Ids on the wire: one counter for orders and requests, and what each id was used for."""

from __future__ import annotations

from core.domain.reports import RequestKind

SESSION_ID = -1
"""The id of messages about the session itself."""


class Registry:
    """Gives out ids and remembers what they are, so that an error code can be understood.

    Orders and requests share one counter: no error for a request can be taken for one about an order. It outlives the
    connections of a run, and ids are never given out twice.
    """

    def __init__(self) -> None:
        self._next = 1
        self._kinds: dict[int, RequestKind] = {}

    def reserve(self, lowest: int) -> None:
        """Ids from now on are at least `lowest`."""
        self._next = max(self._next, lowest)

    def take(self) -> int:
        """A fresh id, for an order that `ordered` will name."""
        fresh = self._next
        self._next += 1
        return fresh

    def take_for(self, kind: RequestKind) -> int:
        """A fresh id for one request of `kind`."""
        fresh = self.take()
        self._kinds[fresh] = kind
        return fresh

    def ordered(self, order_id: int, kind: RequestKind) -> None:
        """The latest request about an order is of `kind`: NEW_ORDER, MODIFY or CANCEL."""
        self._kinds[order_id] = kind
        self.reserve(order_id + 1)

    def adopt(self, order_id: int) -> None:
        """The broker showed an order of this client, perhaps of an earlier run: its id is in use."""
        if order_id > 0:
            self._kinds.setdefault(order_id, RequestKind.NEW_ORDER)
            self.reserve(order_id + 1)

    def kind(self, request_id: int) -> RequestKind:
        """What an id of an error message belongs to."""
        if request_id == SESSION_ID:
            return RequestKind.CONNECTION
        return self._kinds.get(request_id, RequestKind.UNKNOWN)
