"""`python -m core`: settings, guard, lock, gateway, then one run; the outcome of the start goes down a pipe."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from core.bootstrap.gateway import OutsideGateway, PracticeGateway
from core.bootstrap.notices import Notices
from core.bootstrap.scheduling import ask_for_short_slices
from core.domain.connection import Mode
from core.errors import DeskError, LockHeldError
from core.ids import mint_ulid
from core.link import paths
from core.link.lock import CoreLock, LockRecord, ProfileHeldError, check_endpoint
from core.logs import start_logging
from core.ports import MakeBroker
from core.risk.live_guard import permit
from core.settings import (
    REPLAY,
    RiskFiles,
    Settings,
    contradictions,
    exposed,
    exposed_risk,
    read_layers,
    risk_path,
    settings_of,
)

log = logging.getLogger(__name__)

_HOLDER_SECONDS = 10.0
"""How long a core that is just starting may take until desks can attach to it."""
_RETRY_SECONDS = 0.05


def main(argv: Sequence[str], make_broker: MakeBroker | None = None) -> int:
    """Run core with `--ready-fd N` and `key=value` arguments; returns the exit status.

    `make_broker` None takes the real adapter. The pipe gets one line of JSON: `{"ready": {...}}` once desks can attach
    (to this core or to the one that runs already), or `{"error": {"title": ..., "text": ...}}`.
    """
    # Nothing that the imports make is garbage; the collector comes on again once desks can attach.
    gc.disable()
    ask_for_short_slices()
    answer, arguments = _parse(argv)
    try:
        layers = read_layers(arguments)
        settings = settings_of(layers)
        limits = RiskFiles(arguments, layers.environment)
        # A risk file that can't be used is refused before anything is opened.
        limits.read()
        if settings.mode is not Mode.LIVE:
            # A live profile is permitted later, by the phrase; any other is refused before anything is opened.
            permit(settings.endpoint, settings.mode, settings.account, None, read_only=settings.readonly)
        warnings = [
            *contradictions(layers.environment),
            *filter(None, [exposed(layers), exposed_risk(risk_path(layers.profile))]),
        ]
        return _run(settings, limits, warnings, answer, make_broker)
    except DeskError as error:
        answer({"error": {"title": error.title, "text": str(error)}})
        return 2


def _parse(argv: Sequence[str]) -> tuple[Callable[[object], None], dict[str, str]]:
    words = list(argv)
    ready: int | None = None
    if words[:1] == ["--ready-fd"]:
        ready, words = int(words[1]), words[2:]
    arguments = dict(word.split("=", 1) for word in words)
    return (lambda message: _answer(ready, message)), arguments


def _answer(ready: int | None, message: object) -> None:
    line = json.dumps(message) + "\n"
    if ready is None:
        sys.stderr.write(line)
        return
    with contextlib.suppress(OSError):
        os.write(ready, line.encode())
        os.close(ready)


def _run(
    settings: Settings,
    limits: RiskFiles,
    warnings: Sequence[str],
    answer: Callable[[object], None],
    make_broker: MakeBroker | None,
) -> int:
    folder = paths.state_dir(settings.profile)
    listening = paths.socket_path(settings.profile)
    record = LockRecord(pid=os.getpid(), session=mint_ulid(), endpoint=_endpoint_text(settings), socket=str(listening))
    lock = CoreLock(paths.lock_path(settings.profile))
    holder = _acquire(lock, record, settings)
    if holder is not None:
        answer({"ready": {"socket": holder.socket, "session": holder.session, "pid": holder.pid, "attached": True}})
        return 0
    listener = start_logging(folder, debug=settings.debug)
    notices = Notices()
    for text in warnings:
        notices.tell(text)
    try:
        asyncio.run(_serve(settings, limits, folder, record, answer, make_broker, notices))
    except Exception:
        log.exception("core ended")
        raise
    finally:
        listener.stop()
        lock.release()
    return 0


def _acquire(lock: CoreLock, record: LockRecord, settings: Settings) -> LockRecord | None:
    """None once the lock is ours; else who holds it and can be attached to: one that is just ending is waited for.

    Raises LockHeldError if it has another gateway or never listens, ProfileHeldError if it never says who it is.
    """
    deadline = time.monotonic() + _HOLDER_SECONDS
    while True:
        try:
            lock.acquire(record)
        except ProfileHeldError as held:
            holder = held.holder
            if holder is not None and _listens(holder):
                check_endpoint(settings.profile, holder, settings.endpoint)
                return holder
            if time.monotonic() >= deadline:
                if holder is None:
                    raise
                raise LockHeldError(
                    f"Core {holder.pid} holds this profile but does not listen on {holder.socket}. "
                    f"If it hangs, end it (kill {holder.pid}) and start again; its journal keeps every order."
                ) from None
            time.sleep(_RETRY_SECONDS)
        else:
            return None


def _endpoint_text(settings: Settings) -> str:
    return str(settings.endpoint) if settings.endpoint.port else ""


def _listens(holder: LockRecord) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(holder.socket) == 0


async def _serve(
    settings: Settings,
    limits: RiskFiles,
    folder: Path,
    record: LockRecord,
    answer: Callable[[object], None],
    make_broker: MakeBroker | None,
    notices: Notices,
) -> None:
    gateway: PracticeGateway | OutsideGateway
    if settings.mode is Mode.PRACTICE:
        gateway = PracticeGateway(
            settings.endpoint.port,
            settings.practice.seed,
            folder / "practice",
            settings.market_data_lines,
            tell=notices.tell,
        )
        # Before the adapter's heavy import: the two start side by side.
        gateway.begin()
    else:
        gateway = OutsideGateway(settings.endpoint)
    from core.bootstrap.alert_hook import alert_options
    from core.bootstrap.serve import RunOptions, ib_broker, replay_broker, serve
    from core.records.exec_folder import kept_in

    def ready() -> None:
        answer({"ready": {"socket": record.socket, "session": record.session, "pid": record.pid, "attached": False}})

    await serve(
        RunOptions(
            session=record.session,
            profile=settings.profile,
            mode=settings.mode,
            endpoint=settings.endpoint,
            client_id=settings.client_id,
            account=settings.account,
            timeout=settings.timeout_seconds,
            max_attempts=settings.reconnect_max_attempts,
            restart=settings.gateway_restart,
            first_wait=settings.reconnect_backoff_seconds,
            read_only=settings.readonly,
            symbols=settings.watchlist,
            lines=settings.market_data_lines,
            limits=limits,
            pace=settings.pace,
            journal=folder / "journal.db",
            socket=Path(record.socket),
            alerts=alert_options(settings.alerts, settings.profile, notices.tell),
            metrics_port=settings.metrics.port,
            records=kept_in(folder) if settings.records else None,
        ),
        gateway,
        ready,
        make_broker=make_broker or (replay_broker if settings.profile == REPLAY else ib_broker),
        notices=notices,
    )
