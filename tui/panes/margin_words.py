"""What an order would do to the account's margin, in words: IBKR's figure with its age, else core's estimate."""

from __future__ import annotations

from datetime import datetime

from core.domain.commands import OrderPreview
from core.domain.what_ifs import WhatIf, WhatIfAnswered
from tui import format as fmt
from tui.panes.line_row import Part
from tui.times import seconds_since

OLD = 20
"""Seconds after which a figure shows its age: core asks again before."""
ATTENTION = "bold $attention"


def margin_part(
    preview: OrderPreview, answer: WhatIfAnswered | None, now: datetime, *, priced: bool, wide: bool
) -> Part:
    """Initial margin after the order: `margin 61,210`, wide `margin after 61,210 (59%)`; `?` while nobody knows it.

    `priced` is False for a close, whose price may have moved since the broker was asked.
    """
    name = "margin after" if wide else "margin"
    what_if = _about(preview, answer, priced=priced)
    after = None if what_if is None else what_if.initial.after
    if what_if is None or after is None:
        guess = preview.margin_estimate
        return Part(f"{name} {fmt.UNKNOWN if guess is None else fmt.estimate(fmt.money(guess, 0))}")
    age = seconds_since(what_if.time, now)
    text = fmt.money(after, 0)
    if age is None or age > OLD:
        text = fmt.stale(text, age)
    equity = what_if.equity.after
    share = f" ({after / equity * 100:.0f}%)" if wide and equity else ""
    return Part(f"{name} {text}{share}", ATTENTION if equity is not None and after > equity else "")


def margin_told(preview: OrderPreview | None, answer: WhatIfAnswered | None, *, priced: bool) -> str:
    """What IBKR said beside its figures: a warning, or that it would refuse the order; empty for nothing."""
    if (
        preview is None
        or preview.denied is not None
        or answer is None
        or not answer.is_about(preview.request, priced=priced)
    ):
        return ""
    if answer.problem:
        return f"IBKR would refuse this: {answer.problem}"
    return f"IBKR says: {answer.what_if.warning}" if answer.what_if is not None and answer.what_if.warning else ""


def _about(preview: OrderPreview, answer: WhatIfAnswered | None, *, priced: bool) -> WhatIf | None:
    if answer is None or not answer.is_about(preview.request, priced=priced):
        return None
    return answer.what_if
