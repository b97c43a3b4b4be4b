"""Core's refusals as the errors that scripts catch."""

from __future__ import annotations

from core.domain.denials import Denial, DenialCode
from core.errors import DeskError, LiveGuardError, NotConnectedError, OrderValueError, RiskCheckError, UnknownOrderError

_NOT_CONNECTED = frozenset({DenialCode.NOT_CONNECTED, DenialCode.NOT_RECONCILED})
_NO_ORDER = frozenset(
    {
        DenialCode.ACCOUNT,
        DenialCode.UNKNOWN_INSTRUMENT,
        DenialCode.INCOMPLETE,
        DenialCode.QUANTITY,
        DenialCode.PRICE_MISSING,
        DenialCode.PRICE_NOT_TAKEN,
        DenialCode.PRICE,
        DenialCode.TICK,
        DenialCode.TIME,
        DenialCode.INSTRUCTION,
        DenialCode.PARENT,
        DenialCode.ORDER_TYPE,
        DenialCode.TIF,
        DenialCode.DUPLICATE_REF,
        DenialCode.NOTHING_TO_CHANGE,
        DenialCode.BAD_COMMAND,
    }
)
"""What was asked for makes no order: a ValueError."""


def error_of(denial: Denial) -> DeskError:
    """The error for a refusal.

    NotConnectedError, LiveGuardError, OrderValueError or UnknownOrderError where one of them fits, else RiskCheckError.
    """
    if denial.code in _NOT_CONNECTED:
        return NotConnectedError(denial.message)
    if denial.code is DenialCode.LIVE_NOT_CONFIRMED:
        return LiveGuardError(denial.message)
    if denial.code is DenialCode.UNKNOWN_ORDER:
        return UnknownOrderError(denial.message, denial.code)
    kind = OrderValueError if denial.code in _NO_ORDER else RiskCheckError
    return kind(denial.message, denial.code, denial.limit)
