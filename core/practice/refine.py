"""Past prices at any grain: a walk between a start and an end, and bars cut into shorter ones that add up to them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: How much of its range a bar's inner walk fills before its trend is added.
_FILL: Final = 0.42


@dataclass(slots=True)
class RawBar:
    """One bar of trades before it is dressed for anybody; prices in units."""

    #: Start in seconds since the epoch.
    time: int
    seconds: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    #: Sum of prices times sizes.
    value: float
    count: int

    def add(self, later: RawBar) -> None:
        """Take in the bar that follows."""
        self.high, self.low = max(self.high, later.high), min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.value += later.value
        self.count += later.count


def copy(bar: RawBar) -> RawBar:
    """Return a bar of the same content."""
    return RawBar(bar.time, bar.seconds, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.value, bar.count)


def cut(bar: RawBar, seconds: int, weights: Sequence[float], generator: random.Random) -> list[RawBar]:
    """Cut a bar into one shorter bar a weight, each of so many seconds.

    The first opens and the last closes where the bar does, high and low are reached and never left, and volumes add
    up. The weights say how the volume is spread.
    """
    count = len(weights)
    points = walk(count, generator)
    edges = _bend(points, bar)
    volumes = share(bar.volume, weights, generator)
    deals = share(bar.count, [volume + 1e-9 for volume in volumes], None)
    bars: list[RawBar] = []
    reach = (bar.high - bar.low) / math.sqrt(count) * 0.35
    for place in range(count):
        start, end = edges[place], edges[place + 1]
        high = min(max(start, end) + abs(generator.gauss(0.0, reach)), bar.high)
        low = max(min(start, end) - abs(generator.gauss(0.0, reach)), bar.low)
        volume = volumes[place]
        middle = (start + end + high + low) / 4.0
        deal = min(max(deals[place], 1), volume) if volume else 0
        bars.append(RawBar(bar.time + place * seconds, seconds, start, high, low, end, volume, middle * volume, deal))
    top = max(range(count), key=lambda place: bars[place].high)
    bottom = min(range(count), key=lambda place: bars[place].low)
    bars[top].high, bars[bottom].low = bar.high, bar.low
    return bars


def walk(count: int, generator: random.Random) -> list[float]:
    """Return a walk of so many steps from 0, whose steps come in calm and wild spells."""
    draw = generator.gauss
    level, at, points = draw(0.0, 0.45), 0.0, [0.0]
    for _ in range(count):
        level = 0.93 * level + 0.17 * draw(0.0, 1.0)
        at += math.exp(level) * draw(0.0, 1.0)
        points.append(at)
    return points


def _bend(points: list[float], bar: RawBar) -> list[float]:
    """Lay a walk into a bar, from its open to its close; what would leave its range on a side is pressed together."""
    count = len(points) - 1
    bridge = between(points, 0.0, 0.0)
    scale = _FILL * (bar.high - bar.low) / ((max(bridge) - min(bridge)) or 1.0)
    slope = (bar.close - bar.open) / count
    lines = [bar.open + slope * place for place in range(count + 1)]
    above = below = scale
    for line, point in zip(lines, bridge, strict=True):
        if line + above * point > bar.high and point > 0.0:
            above = (bar.high - line) / point
        elif line + below * point < bar.low and point < 0.0:
            below = (bar.low - line) / point
    laid = [line + (above if point > 0.0 else below) * point for line, point in zip(lines, bridge, strict=True)]
    laid[0], laid[-1] = bar.open, bar.close
    return [min(max(price, bar.low), bar.high) for price in laid]


def between(points: list[float], start: float, end: float) -> list[float]:
    """Tilt a walk so that it goes from a start to an end."""
    count = len(points) - 1
    drift = (end - start - (points[-1] - points[0])) / count
    return [start + point - points[0] + drift * place for place, point in enumerate(points)]


def share(total: int, weights: Sequence[float], generator: random.Random | None) -> list[int]:
    """Split a whole number by weights, with some luck if there is a generator, so that the parts add up."""
    rough = [weight * generator.lognormvariate(0.0, 0.45) for weight in weights] if generator else list(weights)
    whole = sum(rough)
    if whole <= 0.0:
        return [0] * len(rough)
    parts: list[int] = []
    given, seen = 0, 0.0
    for weight in rough:
        seen += weight
        upto = min(round(total * seen / whole), total)
        parts.append(upto - given)
        given = upto
    return parts


def tail(bars: list[RawBar], seconds: int) -> list[RawBar]:
    """Return the last bars that together last so long, or all of them."""
    place = len(bars)
    while place and seconds > 0:
        place -= 1
        seconds -= bars[place].seconds
    return bars[place:]
