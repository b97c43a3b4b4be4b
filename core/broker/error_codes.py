"""What IBKR's error codes mean, for the request that they answer.

Source: IBKR's table of API messages (interactivebrokers.github.io/tws-api/message_codes.html), and where that table is
silent or contradicts what clients saw, the more careful reading: a code that is not listed here changes nothing.
"""

from __future__ import annotations

from core.domain.reports import ErrorClass, RequestKind

CLIENT_ID_IN_USE = 326
READ_ONLY = 321
"""`Error validating request`, which is also what a read-only API says, without naming the request."""

_LINK = {
    1100: ErrorClass.LINK_DOWN,
    2110: ErrorClass.LINK_DOWN,
    1101: ErrorClass.LINK_UP_DATA_LOST,
    1102: ErrorClass.LINK_UP_DATA_KEPT,
    2103: ErrorClass.FARM_DOWN,
    2105: ErrorClass.FARM_DOWN,
    2157: ErrorClass.FARM_DOWN,
    2104: ErrorClass.FARM_UP,
    2106: ErrorClass.FARM_UP,
    2158: ErrorClass.FARM_UP,
}

_INFO = frozenset({2100, 2107, 2108, 2119, 2152, 10090, 10167, 10233, 10349})
_WARNING = frozenset({131, 399, 481, 2109, 2111, 2130, 2137, 2168, 2169, 10311, 10329})
# 404 waits for a locate; the others are precautions that keep an order untransmitted in TWS.
_HELD = frozenset({109, 163, 164, 382, 383, 404, 451})
_CANCEL_REFUSED = frozenset(
    {104, 134, 135, 136, 137, 161, 329, 422, 440, 444, 2102, 10147, 10148, 10241, 10242, 10326, 10327}
)
_AMBIGUOUS = frozenset({100, 133, 154, 320, 321, 322, 323, 415, 420, 512, 515, 538, 10006, 10328})
_DATA_ONLY = frozenset(
    {101, 102, 138, 162, 165, 166, *range(300, 303), 309, 310, 316, 317, 354, 365, 366, 385, 386, 395, 396, 397}
    | {414, 430, 10089, 10091, 10168, 10186, 10187, 10189, 10197, 10225}
)
_REJECTED = frozenset(
    {103, 105, 106, 107, 110, 111, 113, *range(115, 122), *range(124, 127), 129, 132, *range(139, 149)}
    | {*range(151, 154), *range(155, 161), 167, 168, 200, 201, 203, *range(311, 316), 325, 328, *range(334, 344)}
    | {345, *range(347, 354), 355, 356, *range(358, 365), *range(367, 381), *range(387, 395), 398, *range(400, 404)}
    | {*range(405, 414), *range(417, 420), 421, *range(423, 430), 433, 434, 435, 436, 437, 439, *range(441, 444)}
    | {*range(445, 450), 460, 463, *range(10000, 10006), *range(10007, 10015), 10020, *range(10234, 10241)}
    | {*range(10243, 10255), *range(10268, 10271), 10286, *range(10289, 10299), *range(10302, 10309), 10312}
    | {*range(10316, 10326), 10330, *range(10335, 10339), *range(10340, 10346)}
)
_CLASSES = (
    (_INFO, ErrorClass.INFO),
    (_WARNING, ErrorClass.WARNING),
    (_HELD, ErrorClass.HELD),
    (_CANCEL_REFUSED, ErrorClass.CANCEL_REFUSED),
    (_AMBIGUOUS, ErrorClass.AMBIGUOUS),
    (_DATA_ONLY, ErrorClass.DATA_ONLY),
    (_REJECTED, ErrorClass.REJECTED),
    (frozenset({202}), ErrorClass.CANCELLED),
)
_BY_CODE: dict[int, ErrorClass] = _LINK | {code: meaning for codes, meaning in _CLASSES for code in codes}

_KEEPS_DATA = frozenset({*_INFO, 2103, 2104, 2105, 2106, 2158, 10090, 10197})
"""About a market data request that stays in force all the same."""


def classify(code: int, kind: RequestKind, text: str) -> ErrorClass:
    """What `code` means for a request of `kind`; UNLISTED where no table of ours has it."""
    if kind is RequestKind.MARKET_DATA:
        return ErrorClass.DATA_ONLY
    if code == 202 and "price capped" in text.lower():
        # The same number says that a market order's price was capped: the order lives.
        return ErrorClass.WARNING
    found = _BY_CODE.get(code, ErrorClass.UNLISTED)
    if kind is RequestKind.QUERY and found not in (ErrorClass.INFO, ErrorClass.WARNING):
        return ErrorClass.REJECTED
    return found


def ends_market_data(code: int) -> bool:
    """True if a market data request is over after `code`, so that it may be made again."""
    return code not in _KEEPS_DATA
