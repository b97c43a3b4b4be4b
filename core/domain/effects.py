"""What an error of the broker does to the order that it is about: the one table, without the codes.

The meaning of a code depends on what was asked and on whether the broker had taken the order before: the same number
that refuses a new order leaves one alive whose change it refuses.
"""

from __future__ import annotations

from enum import StrEnum

from core.domain.reports import ErrorClass, RequestKind


class Effect(StrEnum):
    """What becomes of the order. Where the books are read again, they decide."""

    NOTHING = "NOTHING"
    """It is not about the order."""
    NOTE = "NOTE"
    """It lives; the text is shown with it."""
    REREAD = "REREAD"
    """It lives with other terms; the text is shown, and the books are read for what the broker holds."""
    REFUSED = "REFUSED"
    """REJECTED. With a fill it can't be: then the books are read."""
    REFUSED_CHECK = "REFUSED_CHECK"
    """REJECTED although it had been taken, and the books are read to see whether that holds."""
    ENDED = "ENDED"
    """CANCELLED: its remainder is; a later fill still counts."""
    HELD = "HELD"
    """HELD: it counts as exposure until it works, fills or is cancelled."""
    DOUBT = "DOUBT"
    """UNKNOWN, and the books are read."""
    OLD_TERMS = "OLD_TERMS"
    """The change was refused: it lives at its old terms, and the books are read."""
    STILL_LIVE = "STILL_LIVE"
    """The cancel was refused: its state stays, and the books are read."""
    ASK = "ASK"
    """Its state stays, a person is told, and the books are read."""


_ALWAYS: dict[ErrorClass, Effect] = {
    ErrorClass.INFO: Effect.NOTHING,
    ErrorClass.DATA_ONLY: Effect.NOTHING,
    ErrorClass.COMPETING_SESSION: Effect.NOTHING,
    ErrorClass.FARM_UP: Effect.NOTHING,
    ErrorClass.FARM_DOWN: Effect.NOTHING,
    ErrorClass.WARNING: Effect.NOTE,
    ErrorClass.OTHER_TERMS: Effect.REREAD,
    ErrorClass.CANCELLED: Effect.ENDED,
}
"""Whatever was asked for."""

_NEW: dict[ErrorClass, tuple[Effect, Effect]] = {
    ErrorClass.REJECTED: (Effect.REFUSED, Effect.REFUSED_CHECK),
    ErrorClass.INVALID: (Effect.REFUSED, Effect.ASK),
    ErrorClass.OUR_FAULT: (Effect.REFUSED, Effect.ASK),
    ErrorClass.HELD: (Effect.HELD, Effect.HELD),
    ErrorClass.AMBIGUOUS: (Effect.DOUBT, Effect.ASK),
    ErrorClass.TRANSIENT: (Effect.DOUBT, Effect.ASK),
}
"""As the answer to a new order: before it was taken, and after."""

_REFUSALS = frozenset(
    {
        ErrorClass.REJECTED,
        ErrorClass.INVALID,
        ErrorClass.OUR_FAULT,
        ErrorClass.HELD,
        ErrorClass.CANCEL_REFUSED,
    }
)
"""What says of a change or a cancel that it was not made."""


def effect_of(error_class: ErrorClass, kind: RequestKind, *, acknowledged: bool) -> Effect:
    """What an error does to an order; `acknowledged` says that the broker had shown the order as taken, or filled some.

    What no row names changes nothing and asks.
    """
    if kind in (RequestKind.QUERY, RequestKind.MARKET_DATA, RequestKind.WHAT_IF, RequestKind.CONNECTION):
        return Effect.NOTHING
    if error_class in _ALWAYS:
        return _ALWAYS[error_class]
    if kind is RequestKind.NEW_ORDER and error_class in _NEW:
        before, after = _NEW[error_class]
        return after if acknowledged else before
    if kind is RequestKind.MODIFY and error_class in _REFUSALS:
        return Effect.OLD_TERMS
    if kind is RequestKind.CANCEL and error_class in _REFUSALS:
        return Effect.STILL_LIVE
    return Effect.ASK
