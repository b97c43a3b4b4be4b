"""Limits in rows and words, as core gives them: nothing is worked out here but how much time is left."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from core.domain.limit_changes import LimitShown, LimitsShown, LimitWaiting
from core.text import mask_accounts
from tui.widgets.line_grid import UNBOUNDED, Cell, Column, Row

COLUMNS = (
    Column("name", "LIMIT", 31, max_width=44),
    Column("value", "VALUE", 11, align="right", max_width=24),
    Column("used", "USED", 11, align="right", priority=90),
    Column("waits", "WAITS", 17, priority=95, max_width=28),
    Column("source", "FROM", 12, priority=10, max_width=UNBOUNDED),
)


def limit_rows(shown: LimitsShown, now: datetime) -> dict[str, Row]:
    """A row for each limit, by its name; those of which only a change waits are among them."""
    waiting = {one.name: one for one in shown.waiting}
    rows: dict[str, Row] = {}
    for one in shown.limits:
        waits = waiting.pop(one.name, None)
        rows[one.name] = {
            "name": Cell(mask_accounts(one.name), "attention" if waits else ""),
            "value": Cell(amount(one.value), "muted" if one.source == "default" else "strong"),
            "used": Cell("" if one.used is None else f"{one.used.normalize():,f}"),
            "waits": Cell("" if waits is None else _short(waits, now), "attention"),
            "source": Cell(mask_accounts(_where(one.source)), "muted"),
        }
    for name, waits in waiting.items():
        rows[name] = {
            "name": Cell(mask_accounts(name), "attention"),
            "value": Cell(amount(waits.old)),
            "waits": Cell(_short(waits, now), "attention"),
        }
    return rows


def limit_words(shown: LimitsShown, name: str | None, now: datetime) -> str:
    """One limit in a line or two: its value, its source, and who wants what of it when."""
    one = next((limit for limit in shown.limits if limit.name == name), None)
    waits = next((change for change in shown.waiting if change.name == name), None)
    said = "" if one is None else _said(one)
    if waits is not None:
        said = f"{said}\n{amount(waits.new)} {left(waits, now)}, by {waits.by}. Del keeps it as it is.".lstrip()
    return mask_accounts(said)


def amount(value: str | None) -> str:
    """A value as the desk writes it; None is what counts for all."""
    if value is None:
        return "as for all"
    try:
        return f"{Decimal(value):,f}"
    except InvalidOperation:
        return value


def left(waits: LimitWaiting, now: datetime) -> str:
    """How long a change has to wait."""
    seconds = int((waits.due - now).total_seconds())
    return f"in {seconds // 60}:{seconds % 60:02d}" if seconds > 0 else "once nobody is armed"


def _short(waits: LimitWaiting, now: datetime) -> str:
    return f"{amount(waits.new)} {left(waits, now)}"


def _where(source: str) -> str:
    """A file by its folder and name: the rest of its path says nothing that a person would miss here."""
    return "/".join(source.split("/")[-2:]) if source.startswith("/") else source


def _said(one: LimitShown) -> str:
    used = "" if one.used is None else f", {one.used.normalize():,f} used"
    return f"{one.name} = {amount(one.value)}{used} · {one.source}"
