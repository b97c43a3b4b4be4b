"""Made-up headlines about the instruments, marked as practice: same seed, instrument and day, same headlines."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from core.practice.directory import Catalogue
from core.practice.instruments import Instrument

#: Code and name of each provider.
PROVIDERS: Final = (("PRN", "Practice News Wire"), ("PRM", "Practice Market Notes"))
#: The most headlines that one answer has.
MOST: Final = 300

_DAY: Final = 86_400
#: Days that a search goes back at most.
_REACH: Final = 400
_MARK: Final = "PRACTICE NEWS"
_ARTICLE: Final = re.compile(r"([A-Z]{3})\$(\d{1,12})-(\d{1,6})-(\d{1,2})")

_LINES: Final = (
    "{name} says demand is in line with its plan",
    "{name} narrows the range of its yearly outlook",
    "Analyst raises view of {name} on margins",
    "Analyst lowers view of {name} on valuation",
    "{symbol}: unusual volume in short-dated calls",
    "{symbol}: block of shares crosses at the bid",
    "{name} names a new head of operations",
    "{name} to speak at an industry conference",
    "{symbol} moves with its sector, volume light",
    "Suppliers of {name} report steady orders",
)


class Item(NamedTuple):
    """One headline."""

    #: Seconds since the epoch.
    time: int
    provider: str
    article: str
    headline: str


@lru_cache(maxsize=512)
def _day_items(seed: int, con_id: int, symbol: str, name: str, day: int) -> tuple[Item, ...]:
    draw = random.Random(f"{seed}:{con_id}:{day}")
    times = sorted(draw.randrange(_DAY) for _ in range(draw.randrange(2, 7)))
    found = []
    for place, second in enumerate(times):
        provider = PROVIDERS[draw.randrange(len(PROVIDERS))][0]
        line = draw.choice(_LINES).format(symbol=symbol, name=name.title())
        found.append(Item(day * _DAY + second, provider, f"{provider}${con_id}-{day}-{place}", f"{_MARK}: {line}"))
    return tuple(found)


def _items(seed: int, instrument: Instrument, day: int) -> tuple[Item, ...]:
    name = instrument.long_name.encode("ascii", "replace").decode()
    return _day_items(seed, instrument.con_id, instrument.symbol, name, day)


def backwards(seed: int, instrument: Instrument, start: float, end: float) -> Iterator[Item]:
    """Give the headlines later than `start` and not later than `end`, newest first."""
    last = int(end) // _DAY
    for day in range(last, max(int(start) // _DAY, last - _REACH) - 1, -1):
        for item in reversed(_items(seed, instrument, day)):
            if start < item.time <= end:
                yield item


def text_of(seed: int, catalogue: Catalogue, article: str) -> str | None:
    """Return the text of an article by its id, None if there is no such article."""
    read = _ARTICLE.fullmatch(article)
    instrument = catalogue.by_id.get(int(read[2])) if read is not None else None
    if read is None or instrument is None:
        return None
    items = _items(seed, instrument, int(read[3]))
    place = int(read[4])
    if place >= len(items) or items[place].article != article:
        return None
    item = items[place]
    written = datetime.fromtimestamp(item.time, UTC)
    return (
        f"{item.headline}\n\n{written:%Y-%m-%d %H:%M} UTC. This text is made up by the practice gateway. It says "
        f"nothing about {instrument.symbol} and moves no price."
    )
