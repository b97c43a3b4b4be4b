"""What either end of the link logs of commands: each that is about an order under its reference.

What a command says is not logged: some carry words that only a person may type.
"""

from __future__ import annotations

import logging

from core.domain.commands import Ack, CancelEntries, CloseAll, Command, Kill, Resume
from core.domain.subjects import about, order_ref_of

_OF_ALL_ORDERS = CancelEntries | CloseAll | Kill | Resume


def note_asked(logger: logging.Logger, command: Command, client: str) -> None:
    """A command goes out."""
    order_ref = order_ref_of(command)
    logger.log(_level(command, order_ref), "%s asked", type(command).__name__, extra=about(order_ref, client=client))


def note_came(logger: logging.Logger, command: Command, client: str) -> None:
    """A command came in. Its answer is what is worth a line; that it came at all is one for debugging."""
    if logger.isEnabledFor(logging.DEBUG):
        extra = about(order_ref_of(command), client=client)
        logger.debug("%s came", type(command).__name__, extra=extra)


def note_answered(logger: logging.Logger, command: Command, client: str, ack: Ack, seconds: float) -> None:
    """Core has answered it, `seconds` after it was asked."""
    order_ref = order_ref_of(command)
    level = _level(command, order_ref)
    if not logger.isEnabledFor(level):
        return
    details: dict[str, object] = {"client": client, "ok": ack.ok, "took_ms": round(1000 * seconds, 3)}
    if ack.denied is not None:
        details |= {"code": ack.denied.code.value, "reason": ack.denied.message}
    logger.log(level, "%s answered", type(command).__name__, extra=about(order_ref, **details))


def note_lost(logger: logging.Logger, command: Command, client: str, reason: str) -> None:
    """The link broke before core had answered."""
    order_ref = order_ref_of(command)
    extra = about(order_ref, client=client, reason=reason)
    logger.log(_level(command, order_ref), "%s has no answer", type(command).__name__, extra=extra)


def _level(command: Command, order_ref: str) -> int:
    return logging.INFO if order_ref or isinstance(command, _OF_ALL_ORDERS) else logging.DEBUG
