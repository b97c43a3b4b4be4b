"""README.md of this room: every control by number, its checks and settings. `python -m core.risk.controls_page`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.risk.guards import GUARDS, Guard
from core.risk.numbers import NUMBERS
from core.risk.registry import CONTROLS, Rule

PAGE = Path(__file__).with_name("README.md")

_HEAD = """# The risk room

Pure decisions: whether an order may leave, and whether a connection may be opened. Every control runs on every new
order, every change and every preview, whoever sends it; there is no way to switch one off. A refusal (`Denied`) means
that nothing was sent. What is not known refuses and says what is missing. Cancels and the kill switch are never judged.

Written by `python -m core.risk.controls_page` from `numbers.py`, `registry.py` and `guards.py`; a test compares.
"""
_TABLE = ("| check | refuses with | settings | what it means |", "| --- | --- | --- | --- |")


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for number in NUMBERS for line in _chapter(number)), *_order(), ""])


def _chapter(number: int) -> Iterable[str]:
    checks = [rule for rule in CONTROLS if rule.number == number]
    guards = [guard for guard in GUARDS if guard.number == number]
    yield f"## {number}. {NUMBERS[number]}"
    yield ""
    if not checks and not guards:
        yield "Not there yet."
    else:
        yield from _TABLE
        for rule in checks:
            yield _row(rule, [f"limits.{name}" for name in rule.settings])
        for guard in guards:
            yield _row(guard, guard.settings)
    yield ""


def _row(one: Rule | Guard, settings: Iterable[str]) -> str:
    codes = ", ".join(one.codes)
    return f"| {one.name} | {codes} | {', '.join(f'`{name}`' for name in settings)} | {one.sentence} |"


def _order() -> Iterable[str]:
    yield "## The order of the checks"
    yield ""
    yield "The first one that refuses is what a person hears of:"
    yield ""
    for place, rule in enumerate(CONTROLS, start=1):
        yield f"{place}. {rule.name} ({rule.number})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
