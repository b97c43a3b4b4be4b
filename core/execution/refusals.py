"""How a command is refused: with a code for programs and words for a person."""

from __future__ import annotations

from core.domain.commands import Ack, Denial, DenialCode


def deny(code: DenialCode, message: str) -> Denial:
    """The reason alone."""
    return Denial(code=code, message=message)


def refuse(code: DenialCode, message: str) -> Ack:
    """The answer to a command about no order in particular."""
    return Ack(ok=False, denied=deny(code, message))


def called_off_early() -> Denial:
    """The reason for an order that a cancel overtook."""
    return deny(DenialCode.NOT_LIVE, "Not sent: it was cancelled before its turn had come.")
