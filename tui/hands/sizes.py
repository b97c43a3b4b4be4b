"""Size presets: what keys 1 to 4 mean for an instrument, and one step up or down. Core says how many that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from core.domain.instruments import Instrument, SecType
from core.domain.sizes import PER_CENT, Size, SizeKind, size_of
from tui import format as fmt

PRESETS: dict[SecType, tuple[int, int, int, int]] = {
    SecType.STK: (100, 200, 500, 1_000),
    SecType.FUT: (1, 2, 5, 10),
    SecType.OPT: (1, 2, 5, 10),
    SecType.BAG: (1, 2, 5, 10),
    SecType.CASH: (20_000, 40_000, 100_000, 200_000),
}
"""Presets where the profile says none, by class of instrument, in its own units (shares, contracts)."""
DEFAULT = "default"
"""In the place of a symbol: the profile's presets of every one that has none of its own."""
_UNITS = {SecType.STK: "shares", SecType.FUT: "contracts", SecType.OPT: "contracts", SecType.BAG: "combinations"}
_MOST_PERCENT = Decimal(100)


class Chosen(NamedTuple):
    """The size that the next ticket of an instrument begins with."""

    size: Size
    preset: int | None
    """1 to 4; None once it was stepped away from a preset."""


def presets_of(instrument: Instrument, told: Mapping[str, Sequence[str]]) -> tuple[Size, ...]:
    """The four presets of an instrument; `told` is what the profile says, by symbol or `default`."""
    texts = told.get(instrument.symbol) or told.get(DEFAULT) or ()
    sizes = [size for size in map(size_of, texts) if size is not None]
    if len(sizes) == len(PRESETS[SecType.STK]):
        return tuple(sizes)
    units = PRESETS.get(instrument.sec_type, PRESETS[SecType.STK])
    return tuple(Size(SizeKind.UNITS, Decimal(number)) for number in units)


def step_size(chosen: Chosen, steps: int, presets: Sequence[Size]) -> Chosen:
    """The size some steps away, upwards when positive, at least one step; a preset it lands on is named."""
    size = stepped(chosen.size, steps, presets)
    return Chosen(size, presets.index(size) + 1 if size in presets else None)


def stepped(size: Size, steps: int, presets: Sequence[Size]) -> Size:
    """The next multiple of a step in the direction of travel, further ones beyond it, at least one step.

    A step is the smallest preset of the same kind; where there is none one unit, else the size itself.
    """
    alone = Decimal(1) if size.kind is SizeKind.UNITS else size.amount
    step = min((one.amount for one in presets if one.kind is size.kind), default=alone)
    whole = size.amount // step
    if steps < 0 and size.amount % step:
        whole += 1
    amount = max(step, (whole + steps) * step)
    return Size(size.kind, min(amount, _MOST_PERCENT) if size.kind in PER_CENT else amount)


def size_text(size: Size, unit: str) -> str:
    """A size for a person: `1,000 shares`, `$10k`, `25%bp`."""
    return f"{fmt.size(size.amount)} {unit}" if size.kind is SizeKind.UNITS else size.text


def unit_of(instrument: Instrument) -> str:
    """What its quantity counts, in the plural: `shares`, `contracts`, `EUR`."""
    if instrument.sec_type is SecType.CASH:
        return instrument.symbol
    return _UNITS.get(instrument.sec_type, "units")
