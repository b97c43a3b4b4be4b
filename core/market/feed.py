"""The last value of every field of every instrument that is watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from core.domain.quotes import DataType, Quote
from core.domain.reports import Tick, TickField


class QuoteFeed:
    """Folds ticks into quotes. Holds nothing but the last values."""

    def __init__(self) -> None:
        """Starts without any quote."""
        self._quotes: dict[int, Quote] = {}
        self._ended: set[int] = set()
        self._cut_off: set[int] = set()

    def apply(self, ticks: Sequence[Tick], now: datetime) -> tuple[Quote, ...]:
        """Fold one batch in; returns the quotes that it touched, each once.

        Its ticks have come `now`: what is said of a price or of its size makes that price as old as this.
        """
        changes: dict[int, dict[str, object]] = {}
        for tick in ticks:
            fields = changes.get(tick.con_id)
            if fields is None:
                fields = changes[tick.con_id] = {"stale": False, "updated": now}
            field = tick.field
            age = _AGES.get(field)
            if age is not None:
                fields[age] = now
                fields[field] = tick.value
            else:
                fields[field] = _READ[field](tick.value) if field in _READ else tick.value
        touched = []
        for con_id, fields in changes.items():
            quote = self._quotes.get(con_id)
            if quote is None or con_id in self._ended:
                # Ticks flow again: what did not come anew is not known any more.
                quote = Quote(con_id=con_id)
                self._ended.discard(con_id)
            self._cut_off.discard(con_id)
            quote = replace(quote, **fields)
            self._quotes[con_id] = quote
            touched.append(quote)
        return tuple(touched)

    def mark_stale(self, con_ids: Iterable[int] | None = None) -> tuple[Quote, ...]:
        """The source of these quotes has ended, of all of them for None; returns those that were fresh."""
        ended = [con_id for con_id in (self._quotes if con_ids is None else con_ids) if con_id in self._quotes]
        self._ended.update(ended)
        if con_ids is None:
            self._cut_off.clear()
        return self._set_stale(ended, stale=True)

    def doubt(self) -> tuple[Quote, ...]:
        """Nothing is heard though nothing has ended: every quote is old for now. Returns those that were fresh."""
        return self._set_stale(self._quotes, stale=True)

    def trust(self) -> tuple[Quote, ...]:
        """What was said meanwhile has been heard: every quote whose source has not ended is as it was last told.

        Those that `cut_off` names stay old. Returns those that were old and are not any more.
        """
        return self._set_stale(self._quotes.keys() - self._ended - self._cut_off, stale=False)

    def cut_all_off(self) -> tuple[Quote, ...]:
        """Some instruments can't tick, and nobody says which: each quote is old until a tick of its own.

        Returns those that were fresh.
        """
        self._cut_off |= self._quotes.keys() - self._ended
        return self._set_stale(self._cut_off, stale=True)

    @property
    def cut_off(self) -> tuple[int, ...]:
        """Instruments that have not ticked since `cut_all_off`."""
        return tuple(self._cut_off)

    def _set_stale(self, con_ids: Iterable[int], *, stale: bool) -> tuple[Quote, ...]:
        changed = tuple(
            replace(self._quotes[con_id], stale=stale) for con_id in con_ids if self._quotes[con_id].stale is not stale
        )
        self._quotes.update((quote.con_id, quote) for quote in changed)
        return changed

    def forget(self, con_ids: Iterable[int]) -> None:
        """Drop the quotes of instruments that nobody watches any more."""
        for con_id in con_ids:
            self._quotes.pop(con_id, None)
            self._ended.discard(con_id)
            self._cut_off.discard(con_id)

    def get(self, con_id: int) -> Quote | None:
        """The last known quote; None if nothing was ever heard."""
        return self._quotes.get(con_id)

    @property
    def quotes(self) -> Mapping[int, Quote]:
        """Every quote by contract number, as it goes on changing."""
        return self._quotes

    def all(self) -> tuple[Quote, ...]:
        """Every quote."""
        return tuple(self._quotes.values())


def _data_type(value: Decimal | None) -> DataType:
    return DataType(int(value)) if value in (1, 2, 3, 4) else DataType.LIVE


_READ: dict[TickField, Callable[[Decimal | None], object]] = {TickField.HALTED: bool, TickField.DATA_TYPE: _data_type}
"""How a field is read that is no number."""
_AGES = {
    TickField.BID: "bid_updated",
    TickField.BID_SIZE: "bid_updated",
    TickField.ASK: "ask_updated",
    TickField.ASK_SIZE: "ask_updated",
    TickField.LAST: "last_updated",
    TickField.LAST_SIZE: "last_updated",
}
"""Whose age each field tells."""
