"""What a person typed into a field: a number or not, no more; limits, ticks and sizes are judged by core."""

from __future__ import annotations

import re
from decimal import Decimal

LONGEST = 32
"""Characters that a field holds."""
LARGEST_EXPONENT = 15
"""A number of more digits before the point than this is a slip: nothing is traded in such sizes."""
SMALLEST_EXPONENT = -12
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d*,\d+", re.ASCII)
_MINUS = str.maketrans({"\N{MINUS SIGN}": "-"})


def parse_number(text: str) -> Decimal | None:
    """The number that `text` says, written out without an exponent; None if it says none, or an absurd one."""
    plain = text.strip().translate(_MINUS)
    if not _NUMBER.fullmatch(plain):
        return None
    number = Decimal(plain)
    exponent = number.as_tuple().exponent
    if number.adjusted() > LARGEST_EXPONENT or not isinstance(exponent, int) or exponent < SMALLEST_EXPONENT:
        return None
    return Decimal(f"{number:f}")


def explain_number(text: str) -> str:
    """Why `text` is not a number and what to write, as the end of a sentence: `abc is not a number`."""
    plain = text.strip().translate(_MINUS)
    if _GROUPED.fullmatch(plain):
        return f"{plain}: write {plain.replace(',', '')}"
    if _COMMA.fullmatch(plain):
        return f"{plain}: write {plain.replace(',', '.')}"
    if _NUMBER.fullmatch(plain):
        return f"{plain} is out of all proportion"
    return f"{plain} is not a number"
