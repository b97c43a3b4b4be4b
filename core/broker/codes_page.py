"""README.md of this room: every error code, its class, and what it does to an order. `-m core.broker.codes_page`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from enum import StrEnum
from itertools import groupby
from pathlib import Path

from core.broker.error_codes import CODES
from core.domain.effects import Effect, effect_of
from core.domain.reports import ErrorClass, RequestKind

PAGE = Path(__file__).with_name("README.md")

_HEAD = """# The broker's room

The one room that imports ib_async. What it hears becomes frozen reports (`core.domain.reports`); what it sends has
passed every control.

## Error codes

Written by `python -m core.broker.codes_page` from `error_codes.py` and `core/domain/effects.py`; a test compares.
A code means what its class says. A code that stands nowhere is UNLISTED: it changes nothing, a person is told, and the
books are read. For a query every class but INFO and WARNING is a refusal; for market data every code is about data.
"""
_ORDER_KINDS = (RequestKind.NEW_ORDER, RequestKind.MODIFY, RequestKind.CANCEL)


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_classes(), "", "## What follows for the order", "", *_effects(), "", *_legend(), ""])


def _classes() -> Iterable[str]:
    said = _docs(ErrorClass)
    yield "| class | meaning | codes |"
    yield "| --- | --- | --- |"
    for member in ErrorClass:
        yield f"| {member} | {said.get(member.name, '')} | {_ranges(CODES.get(member, ()))} |"


def _effects() -> Iterable[str]:
    yield "| class | new order | new order, taken before | change | cancel |"
    yield "| --- | --- | --- | --- | --- |"
    for member in ErrorClass:
        new = [effect_of(member, RequestKind.NEW_ORDER, acknowledged=known) for known in (False, True)]
        others = [effect_of(member, kind, acknowledged=True) for kind in _ORDER_KINDS[1:]]
        yield f"| {member} | {' | '.join([*new, *others])} |"


def _legend() -> Iterable[str]:
    said = _docs(Effect)
    for member in Effect:
        yield f"- **{member}**: {said[member.name]}"


def _docs(kind: type[StrEnum]) -> dict[str, str]:
    """What stands below each member of an enumeration that has something below it."""
    found = re.findall(r'^    (\w+) = "\w+"\n    """(.+?)"""', inspect.getsource(kind), re.MULTILINE | re.DOTALL)
    return {name: " ".join(text.split()) for name, text in found}


def _ranges(codes: Iterable[int]) -> str:
    """Codes in order, those side by side as `115-121`."""
    parts = []
    for _, run in groupby(enumerate(sorted(codes)), lambda pair: pair[1] - pair[0]):
        side_by_side = [code for _, code in run]
        first, last = side_by_side[0], side_by_side[-1]
        parts.append(f"{first}" if first == last else f"{first}-{last}")
    return ", ".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
