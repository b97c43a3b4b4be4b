"""Size presets: what keys 1 to 4 mean for an instrument, and one step up or down."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from core.domain.instruments import Instrument, SecType

PRESETS: dict[SecType, tuple[int, int, int, int]] = {
    SecType.STK: (100, 200, 500, 1_000),
    SecType.FUT: (1, 2, 5, 10),
    SecType.OPT: (1, 2, 5, 10),
    SecType.BAG: (1, 2, 5, 10),
    SecType.CASH: (20_000, 40_000, 100_000, 200_000),
}
"""Default presets by class of instrument, in its own units (shares, contracts, units of the first currency)."""
_UNITS = {SecType.STK: "shares", SecType.FUT: "contracts", SecType.OPT: "contracts", SecType.BAG: "combinations"}


class Size(NamedTuple):
    """The quantity that the next ticket of an instrument begins with."""

    quantity: Decimal
    preset: int | None
    """1 to 4; None once it was stepped away from a preset."""


def presets_of(instrument: Instrument) -> tuple[Decimal, ...]:
    """The four preset quantities of an instrument."""
    return tuple(Decimal(units) for units in PRESETS.get(instrument.sec_type, PRESETS[SecType.STK]))


def preset_size(instrument: Instrument, preset: int) -> Size:
    """The size of preset 1 to 4."""
    return Size(presets_of(instrument)[preset - 1], preset)


def step_of(instrument: Instrument) -> Decimal:
    """One step of the quantity: the first preset."""
    return presets_of(instrument)[0]


def step_size(size: Size, steps: int, instrument: Instrument) -> Size:
    """The size some steps away, upwards when positive, at least one step; a preset it lands on is named."""
    quantity = step_quantity(size.quantity, steps, instrument)
    presets = presets_of(instrument)
    return Size(quantity, presets.index(quantity) + 1 if quantity in presets else None)


def step_quantity(quantity: Decimal, steps: int, instrument: Instrument) -> Decimal:
    """The next multiple of a step in the direction of travel, further ones beyond it, at least one step."""
    step = step_of(instrument)
    whole = quantity // step
    if steps < 0 and quantity % step:
        whole += 1
    return max(step, (whole + steps) * step)


def unit_of(instrument: Instrument) -> str:
    """What its quantity counts, in the plural: `shares`, `contracts`, `EUR`."""
    if instrument.sec_type is SecType.CASH:
        return instrument.symbol
    return _UNITS.get(instrument.sec_type, "units")
