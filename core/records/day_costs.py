"""Costs and latencies of a trading day: from the journal, or from a ledger alone, and from what bars there are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.domain.entries import Entry, InstrumentKnown
from core.domain.instruments import Instrument
from core.errors import RecordsError
from core.records.bars import Bars, read_bars
from core.records.latency import StageFold
from core.records.ledger import read_into, read_ledger
from core.records.ledger_fold import LedgerFold
from core.records.ledger_frame import frame_of
from core.records.ledger_rows import LedgerEvent
from core.records.live_folder import bars_path
from core.records.tca import orders_of

if TYPE_CHECKING:
    import polars as pl


class DayCosts(NamedTuple):
    """What is known of a day."""

    orders: pl.DataFrame
    """As `tca.orders_of`."""
    stages: pl.DataFrame | None
    """As `latency.StageFold.stages`, of orders that the day took; None without a journal."""
    problems: tuple[str, ...]
    """Bars that could not be used, a sentence each."""


class _CostFold:
    """What costs need of the journal's rows, in one reading."""

    def __init__(self) -> None:
        self.ledger = LedgerFold()
        self.stages = StageFold()
        self.instruments: dict[int, Instrument] = {}

    def recall(self, entries: Iterable[Entry]) -> None:
        known = list(entries)
        self.ledger.recall(known)
        for entry in known:
            self._learn(entry)

    def apply(self, sequence: int, timestamp: str, entry: Entry) -> None:
        self.ledger.apply(sequence, timestamp, entry)
        self.stages.apply(sequence, timestamp, entry)
        self._learn(entry)

    def _learn(self, entry: Entry) -> None:
        if isinstance(entry, InstrumentKnown):
            self.instruments[entry.instrument.con_id] = entry.instrument


def costs_of_journal(journal: Path, day: date, live: Path | None) -> DayCosts:
    """Of a profile's own journal; core may write it meanwhile. `live` is the folder of recorded days, None for none.

    Raises JournalError.
    """
    fold = _CostFold()
    instance = read_into(fold, journal, day)
    ledger = frame_of(instance, fold.ledger.rows.get(day, []))
    bars, problems = _bars(ledger, day, live)
    orders = orders_of(ledger, fold.instruments.values(), bars)
    stages = fold.stages.stages()
    return DayCosts(orders, stages.filter(stages["order_ref"].is_in(orders["order_ref"].implode())), problems)


def costs_of_ledger(path: Path, live: Path | None) -> DayCosts:
    """Of a ledger alone: ticks are not known then, nor multipliers but those of stocks. Raises RecordsError."""
    from core.clock import trading_day

    ledger = read_ledger(path)
    day = trading_day(ledger["timestamp"][0]) if len(ledger) else None
    bars, problems = ({}, ()) if day is None else _bars(ledger, day, live)
    return DayCosts(orders_of(ledger, (), bars), None, problems)


def _bars(ledger: pl.DataFrame, day: date, live: Path | None) -> tuple[dict[str, Bars], tuple[str, ...]]:
    """The bars of what was ordered, and what is wrong with those that can't be used and are missed: of what filled."""
    found: dict[str, Bars] = {}
    problems = []
    fills = ledger["event"].is_in([LedgerEvent.PARTIAL, LedgerEvent.FILL])
    filled = set(ledger.filter(fills)["symbol"].to_list())
    symbols: list[str] = [] if live is None else ledger["symbol"].drop_nulls().unique().sort().to_list()
    for symbol in symbols:
        try:
            found[symbol] = read_bars(bars_path(live or Path(), day, symbol), day)
        except RecordsError as error:
            if symbol in filled:
                problems.append(str(error))
    return found, tuple(problems)
