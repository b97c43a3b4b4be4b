"""What `ibdesk doctor` has found out, as lines and as figures."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from core.cli.reaching import DONE, REFUSED, Said


class Grade(StrEnum):
    """How one thing is."""

    OK = "ok"
    WARN = "warn"
    """It works, with less than there could be."""
    FAIL = "FAIL"
    """No order would leave."""
    UNKNOWN = "?"
    """It can't be seen now."""


class Finding(NamedTuple):
    """One thing that was looked at."""

    name: str
    grade: Grade
    text: str
    """What was seen."""
    todo: str = ""
    """What to click or to type; empty if nothing."""


def ok(name: str, text: str) -> Finding:
    """All is well with it."""
    return Finding(name, Grade.OK, text)


def said(findings: Sequence[Finding]) -> Said:
    """All of them, each with what to do below it."""
    width = max((len(one.name) for one in findings), default=0)
    lines = []
    for one in findings:
        lines.append(f"{one.grade.value:<4}  {one.name:<{width}}  {one.text}")
        if one.todo:
            lines.append(f"{'':<4}  {'':<{width}}  -> {one.todo}")
    failed = [one for one in findings if one.grade is Grade.FAIL]
    warned = any(one.grade is Grade.WARN for one in findings)
    could = "An order could leave now; look at the warnings first." if warned else "An order could leave now."
    lines.append("No order would leave now: see FAIL above." if failed else could)
    figures: dict[str, object] = {
        "ok": not failed,
        "problem": " ".join(f"{one.name}: {one.text}" for one in failed),
        "findings": [{"name": one.name, "grade": one.grade, "text": one.text, "todo": one.todo} for one in findings],
    }
    return Said(REFUSED if failed else DONE, lines, figures, report=True)
