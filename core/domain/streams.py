"""What a desk is brought of a stream that it opened."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from core.domain.charts import Streamed, StreamKind


class StreamState(StrEnum):
    """How a stream stands."""

    ASKED = "ASKED"
    """Nothing comes yet: it is asked for, or will be when the connection and IBKR's pacing let it."""
    OPEN = "OPEN"
    """The broker took it; a silent market says nothing."""
    ENDED = "ENDED"
    """The broker refused or ended it. It may be opened again."""
    CLOSED = "CLOSED"
    """The desk closed it."""


class StreamChanged(Struct, frozen=True, kw_only=True, tag="stream_changed"):
    """How a stream stands now; only the last word is kept. Behind ENDED and CLOSED nothing more comes."""

    con_id: int
    kind: StreamKind
    state: StreamState
    problem: str = ""
    """For a person: why it ended or waits; empty otherwise."""


class StreamData(Struct, frozen=True, kw_only=True, tag="stream_data"):
    """The next of a stream."""

    con_id: int
    kind: StreamKind
    items: tuple[Streamed, ...]
    """In the order of the market. A book that was missed in part comes whole, behind a BookReset."""
    lost: int = 0
    """How many the desk missed right before these, because it read too slowly."""
