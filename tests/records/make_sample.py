"""Makes the sample day anew: `python -m tests.records.make_sample [FOLDER]`.

A session of 6.5 hours of the practice market, as a recorder hears it that gets last values: in a second one quote at
most, where a price of it moved, and one trade.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from core.domain.instruments import Instrument, PriceBand, SecType
from core.practice.catalogue import build_catalogue
from core.practice.climate import SESSION_STEPS, STEPS_A_SECOND
from core.practice.market import LAST, Market, Quote
from core.records.live_folder import ticks_path
from core.records.parquet_file import write_parquet
from core.records.sample import SAMPLE_FOLDER
from core.records.tick_rows import TickKind, TickRow, tick_frame

DAY = date(2026, 11, 20)
OPENS = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
SYMBOLS = ("SPY", "AAPL")
SEED = 20261120


def rows(steps: int = SESSION_STEPS) -> dict[str, list[TickRow]]:
    """What is heard of each symbol in so many steps from the open on."""
    catalogue = build_catalogue(DAY)
    market = Market([one for one in catalogue.instruments if one.symbol in SYMBOLS], SEED)
    heard: dict[str, list[TickRow]] = {symbol: [] for symbol in SYMBOLS}
    traded = dict.fromkeys(SYMBOLS, 0)
    before: dict[str, tuple[int, ...]] = {}
    for step in range(1, steps + 1):
        market.advance(OPENS.timestamp() + step / STEPS_A_SECOND)
        for quote in market.quotes.values():
            symbol = quote.instrument.symbol
            if quote.changed & LAST:
                traded[symbol] += quote.print_size
            if step % STEPS_A_SECOND == 0:
                second = (int(OPENS.timestamp()) + step // STEPS_A_SECOND - 1) * 1_000_000
                sides = quote.bid, quote.ask
                if before.get(symbol) != sides:
                    before[symbol] = sides
                    heard[symbol].append(_quoted(quote, second, first=not heard[symbol]))
                if traded[symbol]:
                    heard[symbol].append(_traded(quote, second, traded[symbol]))
                    traded[symbol] = 0
    return heard


def _quoted(quote: Quote, second: int, *, first: bool) -> TickRow:
    price = quote.instrument.price
    bid, ask = float(price(quote.bid)), float(price(quote.ask))
    sizes = float(quote.bid_size), float(quote.ask_size)
    return TickRow(quote.instrument.con_id, second, second + 900_000, TickKind.QUOTE, first, True, bid, ask, *sizes)


def _traded(quote: Quote, second: int, size: int) -> TickRow:
    price = float(quote.instrument.price(quote.last))
    con_id = quote.instrument.con_id
    return TickRow(con_id, second, second + 950_000, TickKind.TRADE, False, True, price=price, size=float(size))


def main(folder: Path) -> None:
    """Write the day."""
    catalogue = build_catalogue(DAY)
    for symbol, ticks in rows().items():
        known = next(one for one in catalogue.instruments if one.symbol == symbol)
        instrument = Instrument(
            con_id=known.con_id,
            symbol=symbol,
            sec_type=SecType.STK,
            exchange="SMART",
            primary_exchange=known.primary_exchange,
            local_symbol=symbol,
            name=known.long_name,
            price_bands=tuple(PriceBand(edge, increment) for edge, increment in known.rule.tiers),
        )
        about = {
            "con_id": known.con_id,
            "instrument": msgspec.to_builtins(instrument),
            "close": float(known.close),
            "day": f"{DAY}",
        }
        frame = tick_frame("sample", enumerate(ticks))
        write_parquet(frame, ticks_path(folder, DAY, symbol), about)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE_FOLDER)
