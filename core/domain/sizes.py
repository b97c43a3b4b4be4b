"""How large an order should be, as a person says it: in units, in money, or as a part of something."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

_TEXT = re.compile(
    r"(?P<money>\$)?(?P<number>(?:0|[1-9][0-9_]{0,14})(?:\.[0-9]{1,8})?)(?P<thousand>[km])?(?P<what>%bp|%r|%|r)?",
    re.ASCII,
)
_KILO = Decimal(1_000)
_THOUSANDS = {"k": _KILO, "m": Decimal(1_000_000)}


class SizeKind(StrEnum):
    """What the number of a size counts."""

    UNITS = "UNITS"
    """Shares, contracts, units of the first currency."""
    VALUE = "VALUE"
    """Value of the order in the instrument's currency, its multiplier included."""
    BUYING_POWER = "BUYING_POWER"
    """Value in per cent of the account's buying power."""
    RISK = "RISK"
    """Loss if the stop fills at its price, both commissions included, in the instrument's currency."""
    RISK_PERCENT = "RISK_PERCENT"
    """The same in per cent of the account's net liquidation value."""
    POSITION = "POSITION"
    """Per cent of the position, only to reduce it."""
    MARGIN = "MARGIN"
    """The most that margin allows, at most `amount` units."""


PER_CENT = frozenset({SizeKind.BUYING_POWER, SizeKind.RISK_PERCENT, SizeKind.POSITION})
"""Kinds that are a part of something: no more than 100."""


class Size(Struct, frozen=True):
    """One size; what it comes to is rounded down to what the instrument takes."""

    kind: SizeKind
    amount: Decimal
    """Above 0."""

    @property
    def text(self) -> str:
        """As it is written: `100`, `$10k`, `25%bp`, `$200r`, `0.5%r`, `50%`."""
        number = f"{self.amount.normalize():f}"
        match self.kind:
            case SizeKind.VALUE:
                whole = self.amount >= _KILO and not self.amount % (_KILO / 10)
                return f"${(self.amount / _KILO).normalize():f}k" if whole else f"${number}"
            case SizeKind.BUYING_POWER:
                return f"{number}%bp"
            case SizeKind.RISK:
                return f"${number}r"
            case SizeKind.RISK_PERCENT:
                return f"{number}%r"
            case SizeKind.POSITION:
                return f"{number}%"
            case _:
                return number


def size_of(text: str) -> Size | None:
    """The size that a text says, as the order line spells it (`$10k`, `25%bp`, `$200r`); None if it says none."""
    found = _TEXT.fullmatch(text.strip().lower())
    if found is None:
        return None
    amount = Decimal(found["number"].replace("_", "")) * _THOUSANDS.get(found["thousand"] or "", Decimal(1))
    kinds = {
        (False, ""): SizeKind.UNITS,
        (True, ""): SizeKind.VALUE,
        (False, "%bp"): SizeKind.BUYING_POWER,
        (True, "r"): SizeKind.RISK,
        (False, "%r"): SizeKind.RISK_PERCENT,
        (False, "%"): SizeKind.POSITION,
    }
    kind = kinds.get((bool(found["money"]), found["what"] or ""))
    if kind is None or amount <= 0 or (kind in PER_CENT and (amount > 100 or found["thousand"])):
        return None
    return Size(kind, amount)


class Sized(Struct, frozen=True, kw_only=True, tag="sized"):
    """What a size comes to."""

    quantity: Decimal
    """In units of the instrument, one that it takes."""
    risk: Decimal | None = None
    """What is lost if the stop fills at its price, in the instrument's currency; None for a size without a stop."""
    fees_counted: bool = True
    """False where no schedule of commissions is known: then they come on top of `risk`."""
