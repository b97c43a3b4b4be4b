"""The ledger below the folder that a command was given, written when its order has ended."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from core.api import DeskClient
from core.cli.lookup import seen
from core.cli.output import say
from core.cli.reaching import REFUSED, Said
from core.clock import trading_day
from core.domain.events import Snapshot
from core.domain.orders import Order
from core.errors import DeskError, RecordsError
from core.link.paths import state_root
from core.private import make_folder, open_file

COSTS_SECONDS = 2.0
"""How long IBKR's commissions of the order's fills are waited for."""
_PROBE = ".ibdesk-writes-here"


def check_writable(out_dir: Path) -> None:
    """Make today's folder and see that a file can be put there. Raises RecordsError, before anything was sent."""
    folder = out_dir / f"{trading_day(datetime.now(UTC)):%Y-%m-%d}"
    probe = folder / f"{_PROBE}.{os.getpid()}"
    try:
        make_folder(folder)
        os.close(open_file(probe, os.O_WRONLY))
        probe.unlink()
    except OSError as error:
        raise RecordsError(
            f"The ledger can't be written below {folder}: {error.strerror}. Nothing was sent. Make it yours to write "
            "in, or choose another with --out_dir."
        ) from error


async def with_ledger(client: DeskClient, order: Order, out_dir: Path, said: Said) -> Said:
    """What was `said` of an order that has ended, once the ledger of its days is written, or why it is not."""
    from core.records.ledger import write_day

    snapshot = await client.snapshot()
    if order.filled:
        snapshot = await seen(client, lambda now: _is_told(now, order.order_ref), COSTS_SECONDS)
    journal = state_root() / snapshot.connection.profile / "journal.db"
    days = sorted({trading_day(order.created), trading_day(order.changed)})

    def write() -> list[str]:
        return [str(write_day(journal, day, out_dir, through=snapshot.number)) for day in days]

    try:
        paths = await asyncio.to_thread(write)
    except DeskError as error:
        text = f"The ledger was not written: {error} The order is as said, and the journal has it."
        say(text, err=True)
        return said._replace(status=said.status or REFUSED, figures={**said.figures, "ok": False, "problem": text})
    return said._replace(figures={**said.figures, "ledger": paths})


def _is_told(snapshot: Snapshot, order_ref: str) -> bool:
    fills = [one for one in snapshot.executions if one.order_ref == order_ref]
    return bool(fills) and all(one.commission is not None for one in fills)
