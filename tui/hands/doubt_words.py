"""What is known of an order whose outcome nobody knows, in sentences, and the words that settle it."""

from __future__ import annotations

from datetime import datetime

from core.domain.commands import Verdict
from core.domain.orders import Order, OrderState, Side
from core.domain.reconciliation import Reading
from tui import format as fmt
from tui.hands.cancel_ticket import order_words
from tui.times import seconds_since, time_of_day

CHECKS = 2
"""Full checks that core wants before a person's word counts."""

WORDS = {"not placed": Verdict.NOT_PLACED, "ended": Verdict.ENDED}
"""What a person types, and what it says."""


def verdict_of(text: str) -> Verdict | None:
    """The verdict that was typed; None for anything else. Blanks and case don't count."""
    return WORDS.get(" ".join(text.lower().split()))


def doubt_lines(order: Order, reading: Reading | None, now: datetime) -> list[str]:
    """What was sent, what was heard, what it counts as, and where it was looked for."""
    if order.state is not OrderState.UNKNOWN:
        state = order.state.lower().replace("_", " ")
        return [order_words(order), "", f"It is {state} now{f': {order.note}' if order.note else ''}. Esc goes back."]
    heard = "nothing heard" if order.perm_id is None else f"taken by IBKR as {order.perm_id}, then nothing heard"
    done = "bought" if order.side is Side.BUY else "sold"
    return [
        order_words(order),
        "",
        f"Sent {time_of_day(order.created)}, {heard}. Unknown for {fmt.age(seconds_since(order.changed, now))}.",
        f"Counts as {fmt.size(order.remaining)} {done}. {_next_check(reading, now)}",
        _sentence(order.note),
        f"Full checks that found nothing: {order.checks} of {CHECKS}.",
    ]


def ways_out(order: Order) -> str:
    """The keys and words that lead out of the doubt, as things stand."""
    if order.state is not OrderState.UNKNOWN:
        return "Esc goes back"
    word = "not placed" if order.perm_id is None and not order.filled else "ended"
    after = "" if order.checks >= CHECKS else "after two full checks: "
    return f"c cancel anyway · {after}type {word} · Esc back"


def _next_check(reading: Reading | None, now: datetime) -> str:
    if reading is None or reading.next_due is None:
        return "Next check once connected."
    if reading.problem:
        return f"The last check failed: {', '.join(reading.failed) or reading.problem}."
    return f"Next check {fmt.age(max(0.0, (reading.next_due - now).total_seconds()))}."


def _sentence(note: str) -> str:
    text = note.rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else "Not looked for yet."
