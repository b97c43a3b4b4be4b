"""Which instruments there are, and which of them a client means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from core.practice.instruments import DERIVED_IDS, Instrument
from core.practice.tables import Record

if TYPE_CHECKING:
    from core.practice.chains import Chains, Combinations


class Directory(Mapping[int, Instrument]):
    """Instruments by contract id; options and combinations are looked for when they are asked for."""

    def __init__(self, known: dict[int, Instrument], derived: Callable[[int], Instrument | None]) -> None:
        self._known = known
        self._derived = derived

    def __getitem__(self, con_id: int) -> Instrument:
        found = self._known.get(con_id) or self._derived(con_id)
        if found is None:
            raise KeyError(con_id)
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


class Catalogue:
    """All instruments, found by contract id or by whatever a client says of them.

    `instruments` and the iteration of `by_id` leave out options and combinations, of which there are too many.
    """

    def __init__(self, instruments: Iterable[Instrument], today: date) -> None:
        self.instruments = tuple(instruments)
        #: The day that the contracts are of.
        self.today = today
        self.by_id = Directory({instrument.con_id: instrument for instrument in self.instruments}, self.derived)
        self.rules = {instrument.rule.rule_id: instrument.rule for instrument in self.instruments}
        self._by_symbol: dict[str, list[Instrument]] = {}
        for instrument in self.instruments:
            self._by_symbol.setdefault(instrument.symbol, []).append(instrument)
            if instrument.local_symbol != instrument.symbol:
                self._by_symbol.setdefault(instrument.local_symbol, []).append(instrument)

    @cached_property
    def chains(self) -> Chains:
        """The option chains."""
        from core.practice.chains import PENNIES, Chains

        self.rules[PENNIES.rule_id] = PENNIES
        stocks = {item.symbol: item for item in self.instruments if item.sec_type == "STK"}
        return Chains(stocks, self.today)

    @cached_property
    def combinations(self) -> Combinations:
        """The combinations that clients named."""
        from core.practice.chains import Combinations

        return Combinations(self.by_id)

    def derived(self, con_id: int) -> Instrument | None:
        """Return an option, or a combination that was named before, None if there is none of that id."""
        if con_id < DERIVED_IDS:
            return None
        return self.chains.by_id(con_id) or self.combinations.by_id(con_id)

    def find(self, contract: Record) -> list[Instrument]:
        """Return the instruments that a client's contract fields describe, none when there is no such thing."""
        exchange = contract.text("exchange")
        con_id = contract.integer("conId")
        if contract.text("secType") == "BAG":
            combination = self.combinations.find(contract)
            candidates = [combination] if combination else []
        elif con_id:
            known = self.by_id.get(con_id)
            candidates = [known] if known else []
        elif contract.text("secIdType") == "ISIN":
            candidates = [item for item in self.instruments if item.isin == contract.text("secId")]
        else:
            candidates = [item for item in self._named(contract) if _matches(item, contract)]
        return [item for item in candidates if not exchange or exchange in item.exchanges]

    def _named(self, contract: Record) -> Iterable[Instrument]:
        name = contract.text("symbol") or contract.text("localSymbol")
        if contract.text("secType") == "OPT":
            return self.chains.named(contract.text("localSymbol") or name, contract)
        return self._by_symbol.get(name, ())

    def search(self, pattern: str, limit: int = 16) -> list[Instrument]:
        """Return what a typed pattern may mean, best first: symbol, start of a symbol, start of a word of the name."""
        wanted = pattern.strip().upper()
        if not wanted:
            return []
        ranked: list[tuple[int, int, Instrument]] = []
        futures: set[str] = set()
        for place, item in enumerate(self.instruments):
            if item.is_future:
                if item.symbol in futures:
                    continue
                futures.add(item.symbol)
            if wanted in {item.symbol, item.local_symbol}:
                rank = 0
            elif item.symbol.startswith(wanted) or item.local_symbol.startswith(wanted):
                rank = 1
            elif any(word.startswith(wanted) for word in item.long_name.upper().split()):
                rank = 2
            elif item.long_name.upper().startswith(wanted):
                rank = 3
            else:
                continue
            ranked.append((rank, place, item))
        return [item for _, _, item in sorted(ranked, key=lambda entry: entry[:2])[:limit]]


def _matches(item: Instrument, contract: Record) -> bool:
    month = contract.text("lastTradeDate")
    given = (
        (contract.text("symbol"), item.symbol),
        (contract.text("localSymbol"), item.local_symbol),
        (contract.text("secType"), item.sec_type),
        (contract.text("currency"), item.currency),
        (contract.text("tradingClass"), item.trading_class),
    )
    if any(wanted and wanted != actual for wanted, actual in given):
        return False
    primary = contract.text("primaryExchange")
    if primary and primary != item.primary_exchange and contract.text("exchange") in {"", "SMART"}:
        return False
    multiplier = contract.text("multiplier")
    if multiplier and (item.is_future or item.is_option) and multiplier != str(item.multiplier):
        return False
    # Six digits are the month that a future is called by, which need not be that of its last day.
    if len(month) == 6 and item.contract_month:
        return item.contract_month == month
    return item.last_trade_date.startswith(month)
