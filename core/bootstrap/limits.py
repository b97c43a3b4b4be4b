"""A command about limits where no core runs: under its lock, on its journal, as core itself would carry it out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from core.bootstrap.journal import start_journal
from core.clock import LoopClock
from core.domain.commands import Ack
from core.domain.connection import Connection, Mode
from core.domain.entries import SessionStarted
from core.domain.limit_changes import AskLimits, LimitCommand
from core.errors import JournalError
from core.execution.limit_keeper import LimitKeeper, LimitsSource
from core.execution.publisher import Publisher
from core.execution.recorded import Recorded
from core.execution.state import DeskState
from core.ids import mint_ulid
from core.journal.database import Tail
from core.journal.recovery import recover
from core.journal.store import SealedJournal
from core.link import paths
from core.link.lock import CoreLock, LockRecord
from core.link.wire import BUILD
from core.settings import RiskFiles, Settings, read_layers, settings_of


async def carry_out_alone(command: LimitCommand, arguments: Mapping[str, str], client: str) -> Ack:
    """Carry out a command as the only one on a profile's state; what waits goes on in the next core.

    `arguments` choose the profile. Raises DeskError for settings that can't be used, ProfileHeldError if a core runs,
    JournalError if the change can't be recorded: then nothing has changed.
    """
    settings = settings_of(read_layers(arguments))
    source = RiskFiles(arguments)
    source.read()
    session, folder = mint_ulid(), paths.state_dir(settings.profile)
    lock = CoreLock(paths.lock_path(settings.profile))
    socket = str(paths.socket_path(settings.profile))
    lock.acquire(LockRecord(pid=os.getpid(), session=session, endpoint="no gateway", socket=socket))
    try:
        if isinstance(command, AskLimits):
            return _shown(folder / "journal.db", settings, source)
        return await _changed(command, folder / "journal.db", session, settings, source, client)
    finally:
        lock.release()


def _state(settings: Settings) -> DeskState:
    endpoint = settings.endpoint
    return DeskState(
        Connection(mode=settings.mode, profile=settings.profile, endpoint=endpoint, client_id=settings.client_id)
    )


def _shown(path: Path, settings: Settings, source: LimitsSource) -> Ack:
    """What the next core would begin with; nothing is written."""
    clock = LoopClock(asyncio.get_running_loop())
    recovered = recover(path, Recorded)
    state, journal = _state(settings), SealedJournal(path, Tail("", 0, b""), "only looked at")
    state.adopt(recovered.fold, clock.utc())
    return Ack(ok=True, result=LimitKeeper(state, journal, Publisher(journal, ""), clock, source).shown())


async def _changed(
    command: LimitCommand, path: Path, session: str, settings: Settings, source: LimitsSource, client: str
) -> Ack:
    clock = LoopClock(asyncio.get_running_loop())
    failures: list[str] = []
    started = await start_journal(path, session, clock, failures.append)
    journal, now = started.store, clock.utc()
    try:
        if journal.failure:
            raise JournalError(f"Nothing has changed: {journal.failure}")
        state = _state(settings)
        state.adopt(started.recorded, now)
        journal.append([SessionStarted(session=session, build=BUILD, time=now)])
        keeper = LimitKeeper(state, journal, Publisher(journal, session), clock, source)
        keeper.recover()
        return await keeper.execute(command, client, confirmed=settings.mode is not Mode.LIVE)
    finally:
        await journal.close()
