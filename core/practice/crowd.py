"""Made-up stocks that fill a catalogue to any size, for tests under load; nobody should mistake them for real ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal

from core.practice.listings import KINDS, Listing

#: Contract id of the first one.
FIRST_ID = 990_000_000


def made_up(count: int) -> Iterator[Listing]:
    """Give that many made-up stocks; the first ones are the same however many follow."""
    generator = random.Random(20261120)
    kinds = [kind for name, kind in KINDS.items() if kind.sectors[0]]
    for number in range(count):
        price = Decimal(str(round(3.0 * 1.6 ** generator.uniform(0.0, 10.0), 2)))
        yield Listing(
            con_id=FIRST_ID + number,
            symbol=f"ZP{number:03}",
            name=f"PRACTICE HOLDINGS NO {number}",
            exchange="NYSE",
            trading_class=f"ZP{number:03}",
            price=price,
            change=Decimal(str(round(generator.uniform(-2.0, 2.0), 2))),
            volatility=round(generator.uniform(0.18, 0.6), 2),
            beta=0.5,
            lots=max(1, int(400 / float(price))),
            rate=round(generator.uniform(0.05, 0.3), 2),
            spread_ticks=max(1, int(price / 40)),
            volume=round(generator.uniform(0.5, 9.0), 1),
            stock_type="COMMON",
            kind=generator.choice(kinds),
            isin="",
        )
