"""What core itself wrote down of its times."""

from __future__ import annotations

from core.domain.connection import LinkState
from core.domain.entries import FactRecorded
from core.domain.events import ConnectionChanged
from core.journal.recovery import read_entries
from tests.desk_home import DeskHome


def seconds_to_ready(home: DeskHome) -> float:
    """Seconds from the first TCP connect of the core of `home`, which has ended, until orders could be sent."""
    (journal,) = home.folder.glob("**/journal.db")
    facts = (entry.fact for _, entry in read_entries(journal) if isinstance(entry, FactRecorded))
    states = [fact.connection for fact in facts if isinstance(fact, ConnectionChanged)]
    ready = next(one for one in states if one.state is LinkState.READY)
    begun = next(one for one in states if one.state is LinkState.CONNECTING)
    if ready.since is None or begun.since is None:
        raise RuntimeError("core wrote down a state without its moment")
    return (ready.since - begun.since).total_seconds()
