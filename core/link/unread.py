"""What the streams of one desk brought and it has not read yet: bounded, with what was lost counted."""

from __future__ import annotations

from collections import deque

from core.domain.charts import BookChange, BookReset, Streamed, StreamKind
from core.domain.depth import DepthBook
from core.domain.events import StreamEvent
from core.domain.streams import StreamChanged, StreamData, StreamState
from core.domain.what_ifs import WhatIfAnswered

MOST_UNREAD = 5000
"""Items of one stream that wait; beyond it the oldest are lost, of a book all that wait."""

_OVER = (StreamState.ENDED, StreamState.CLOSED)


class _Unread:
    """Of one stream: pieces in their order, and the book to which all of them lead."""

    __slots__ = ("book", "changed", "lost", "pieces", "torn", "waiting")

    def __init__(self) -> None:
        self.pieces: deque[StreamData] = deque()
        self.waiting = 0
        self.lost = 0
        """Lost before the first piece."""
        self.book: DepthBook | None = None
        self.torn = False
        """True once changes of the book were lost: it is told whole, whatever came since."""
        self.changed: StreamChanged | None = None

    def __bool__(self) -> bool:
        return bool(self.pieces or self.torn or self.lost or self.changed)

    def put(self, data: StreamData) -> None:
        for item in data.items:
            if isinstance(item, BookChange | BookReset):
                self.book = self.book or DepthBook()
                self.book.apply(item)
        self.pieces.append(data)
        self.waiting += len(data.items)
        if self.book is not None and (self.torn or self.waiting > MOST_UNREAD):
            self.torn = True
            self._lose(len(self.pieces))
        while self.waiting > MOST_UNREAD:
            self._lose(1)

    def change(self, event: StreamChanged) -> None:
        self.changed = event
        if event.state is StreamState.CLOSED:
            self._lose(len(self.pieces))
            self.lost, self.torn, self.book = 0, False, None

    def _lose(self, pieces: int) -> None:
        for _ in range(pieces):
            piece = self.pieces.popleft()
            self.waiting -= len(piece.items)
            self.lost += len(piece.items) + piece.lost

    def take(self, con_id: int, kind: StreamKind, most: int) -> StreamData | None:
        """The next, of at most about `most` items; None if there is none."""
        lost, self.lost = self.lost, 0
        items: list[Streamed] = []
        if self.torn and self.book is not None:
            items += self.book.whole()
            self.torn = False
        else:
            while self.pieces and len(items) < most and not (items and self.pieces[0].lost):
                piece = self.pieces.popleft()
                self.waiting -= len(piece.items)
                lost += piece.lost
                items += piece.items
        return StreamData(con_id=con_id, kind=kind, items=tuple(items), lost=lost) if items or lost else None


class UnreadStreams:
    """Takes what streams bring as it comes, and gives it out in pieces.

    Where more than MOST_UNREAD items of a stream wait some are lost: what follows says how many, and a book follows
    whole. How a stream stands is the last word about it, behind its items; items of one that was closed are dropped.
    Of answers to what-ifs only the last one waits.
    """

    __slots__ = ("_answered", "_streams")

    def __init__(self) -> None:
        """Begins empty."""
        self._answered: WhatIfAnswered | None = None
        self._streams: dict[tuple[int, StreamKind], _Unread] = {}

    def __bool__(self) -> bool:
        """True while something waits to be taken."""
        return self._answered is not None or any(self._streams.values())

    def put(self, event: StreamEvent) -> None:
        """Take one event in."""
        if isinstance(event, WhatIfAnswered):
            self._answered = event
            return
        unread = self._streams.setdefault((event.con_id, event.kind), _Unread())
        if isinstance(event, StreamData):
            unread.put(event)
        else:
            unread.change(event)

    def take(self, most: int = MOST_UNREAD) -> list[StreamEvent]:
        """The next of each stream, about `most` items of each; how a stream stands once nothing waits before that."""
        events: list[StreamEvent] = [] if self._answered is None else [self._answered]
        self._answered = None
        for key, unread in tuple(self._streams.items()):
            data = unread.take(*key, most)
            if data is not None:
                events.append(data)
            if unread.changed is not None and not unread.pieces:
                events.append(unread.changed)
                if unread.changed.state in _OVER:
                    del self._streams[key]
                unread.changed = None
        return events
