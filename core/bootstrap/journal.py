"""The journal at a start: read back, opened, and what is wrong with it told rather than hidden."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from core.clock import Clock
from core.errors import JournalDamagedError, JournalError, JournalRefusedError
from core.execution.recorded import Recorded
from core.ids import mint_instance
from core.journal.backup import put_in_quarantine
from core.journal.database import Tail
from core.journal.files import head_path
from core.journal.head import Head, read_head
from core.journal.opened import JournalOptions
from core.journal.recovery import Recovered, recover
from core.journal.store import JournalStore, SealedJournal, open_journal

log = logging.getLogger(__name__)


class StartedJournal(NamedTuple):
    """A journal, and the state that it holds."""

    store: JournalStore | SealedJournal
    recorded: Recorded
    """At the start: with the first row that is handed over the store's writer goes on with it."""

    @property
    def tail_lost(self) -> str:
        """What the journal has lost at its end and nobody has accepted, in words; empty if nothing."""
        return self.store.gap or self.recorded.tail_lost


async def start_journal(
    path: Path, session: str, clock: Clock, on_failure: Callable[[str], None], options: JournalOptions | None = None
) -> StartedJournal:
    """Read the journal back and open it; one that can't be written, or is damaged, is only looked at.

    The last checkpoint and every row behind it are verified before this returns, older rows in the background. Raises
    JournalRefusedError for a journal that is not this core's to open.
    """
    recovered = Recovered(Recorded(), Tail("", 0, b""), 0, "")
    head: Head | None = None
    try:
        head = read_head(head_path(path))
        # Damage among the older rows was found in an earlier run: has a backup taken their place?
        recovered = recover(path, Recorded, whole=head is not None and head.damage != "")
        if recovered.damage:
            raise JournalDamagedError(recovered.damage)
        store = await open_journal(
            path, session, clock, on_failure=on_failure, recovered=recovered, options=options or JournalOptions()
        )
    except JournalRefusedError:
        raise
    except JournalDamagedError as error:
        return _sealed(path, recovered, head, f"{error} {_kept(path)}")
    except (JournalError, OSError) as error:
        return _sealed(path, recovered, head, f"{error} Mend that, then start core again.")
    if store.durable != recovered.tail.seq + bool(store.gap):
        await store.close()
        raise JournalRefusedError(f"Another program wrote {path} while core started. End it, then start again.")
    if recovered.since:
        store.check_older(recovered.since, lambda: _kept(path))
    return StartedJournal(store, recovered.fold)


def _sealed(path: Path, recovered: Recovered[Recorded], head: Head | None, why: str) -> StartedJournal:
    log.critical("the journal is only looked at: %s", why)
    instance = recovered.tail.instance or (head.instance if head else "") or mint_instance()
    tail = recovered.tail._replace(instance=instance)
    return StartedJournal(SealedJournal(path, tail, f"View only, no order can leave: {why}"), recovered.fold)


def _kept(path: Path) -> str:
    folder = put_in_quarantine(path)
    return f"The files as they are: {folder}." if folder else "They could not be copied into quarantine."
