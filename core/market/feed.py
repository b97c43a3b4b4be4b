"""The last value of every field of every instrument that is watched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

    def apply(self, ticks: Sequence[Tick], now: datetime) -> tuple[Quote, ...]:
        """Fold one batch in; returns the quotes that it touched, each once."""
        changes: dict[int, dict[str, object]] = {}
        for tick in ticks:
            changes.setdefault(tick.con_id, {})[tick.field.value] = _value_of(tick)
        touched = []
        for con_id, fields in changes.items():
            quote = self._quotes.get(con_id)
            if quote is None or con_id in self._ended:
                # Ticks flow again: what did not come anew is not known any more.
                quote = Quote(con_id=con_id)
                self._ended.discard(con_id)
            quote = replace(quote, **fields, stale=False, updated=now)
            self._quotes[con_id] = quote
            touched.append(quote)
        return tuple(touched)

    def mark_stale(self, con_ids: Iterable[int] | None = None) -> tuple[Quote, ...]:
        """The source of these quotes has ended, of all of them for None; returns those that were fresh."""
        ended = [con_id for con_id in (self._quotes if con_ids is None else con_ids) if con_id in self._quotes]
        self._ended.update(ended)
        return self._set_stale(ended, stale=True)

    def doubt(self) -> tuple[Quote, ...]:
        """Nothing is heard though nothing has ended: every quote is old for now. Returns those that were fresh."""
        return self._set_stale(self._quotes, stale=True)

    def trust(self) -> tuple[Quote, ...]:
        """What was said meanwhile has been heard: every quote whose source has not ended is as it was last told.

        Returns those that were old.
        """
        return self._set_stale(self._quotes.keys() - self._ended, stale=False)

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

    def get(self, con_id: int) -> Quote | None:
        """The last known quote; None if nothing was ever heard."""
        return self._quotes.get(con_id)

    def all(self) -> tuple[Quote, ...]:
        """Every quote."""
        return tuple(self._quotes.values())


def _value_of(tick: Tick) -> Decimal | bool | DataType | None:
    if tick.field is TickField.HALTED:
        return bool(tick.value)
    if tick.field is TickField.DATA_TYPE:
        return DataType(int(tick.value)) if tick.value in (1, 2, 3, 4) else DataType.LIVE
    return tick.value
