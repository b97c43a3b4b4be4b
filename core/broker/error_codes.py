"""What IBKR's error codes mean, for the request that they answer.

Source: IBKR's table of API messages (interactivebrokers.github.io/tws-api/message_codes.html), and where that table is
silent or contradicts what clients saw, the more careful reading: a code that is not listed here changes nothing.
`core.domain.effects` says what each class does to an order; README.md beside this file shows both
(`python -m core.broker.codes_page` writes it).
"""

from __future__ import annotations

from collections.abc import Mapping

from core.domain.reports import ErrorClass, RequestKind

CLIENT_ID_IN_USE = 326
READ_ONLY = 321
"""`Error validating request`, which is also what a read-only API says, without naming the request."""

CODES: Mapping[ErrorClass, frozenset[int]] = {
    ErrorClass.INFO: frozenset({2100, 2107, 2108, 2119, 2152, 10090, 10167, 10233, 10349}),
    ErrorClass.WARNING: frozenset({131, 399, 2109, 2111, 2130, 2137, 2168, 2169, 10311, 10329}),
    ErrorClass.OTHER_TERMS: frozenset({481}),
    ErrorClass.REJECTED: frozenset({201, 203}),
    ErrorClass.INVALID: frozenset(
        {110, 111, 113, *range(115, 122), *range(124, 127), 129, 132, *range(146, 149), *range(151, 154)}
        | {*range(155, 161), 167, 168, 200, *range(311, 316), 325, 328, *range(334, 344), 345, *range(347, 354)}
        | {355, 356, *range(358, 365), *range(367, 381), *range(387, 395), 398, *range(400, 404), *range(405, 414)}
        | {417, 418, 419, 421, *range(423, 430), 433, 437, 439, *range(441, 444), *range(445, 450), 460, 463}
        | {*range(10000, 10006), *range(10007, 10015), 10020, *range(10234, 10241), *range(10243, 10255)}
        | {*range(10268, 10271), 10286, *range(10289, 10299), *range(10302, 10309), 10312, *range(10316, 10326)}
        | {10330, *range(10335, 10339), *range(10340, 10346)}
    ),
    ErrorClass.OUR_FAULT: frozenset({103, 105, 106, 107, 122, *range(139, 146), 303, 434, 435, 436}),
    ErrorClass.CANCELLED: frozenset({202}),
    # 404 waits for a locate; the others are precautions that keep an order untransmitted in TWS.
    ErrorClass.HELD: frozenset({109, 163, 164, 382, 383, 404, 451}),
    ErrorClass.CANCEL_REFUSED: frozenset(
        {104, 134, 135, 136, 137, 161, 329, 422, 440, 444, 2102, 10147, 10148, 10241, 10242, 10326, 10327}
    ),
    ErrorClass.AMBIGUOUS: frozenset({133, 320, 321, 322, 323, 512, 515, 538, 10328}),
    ErrorClass.TRANSIENT: frozenset({100, 154, 395, 396, 397, 415, 420, 10006}),
    ErrorClass.LINK_DOWN: frozenset({1100, 2110}),
    ErrorClass.LINK_UP_DATA_LOST: frozenset({1101}),
    ErrorClass.LINK_UP_DATA_KEPT: frozenset({1102}),
    ErrorClass.FARM_UP: frozenset({2104, 2106, 2158}),
    ErrorClass.FARM_DOWN: frozenset({2103, 2105, 2157}),
    ErrorClass.COMPETING_SESSION: frozenset({10197}),
    ErrorClass.DATA_ONLY: frozenset(
        {101, 102, 138, 162, 165, 166, *range(300, 303), 309, 310, 316, 317, 354, 365, 366, 385, 386, 414, 430}
        | {10089, 10091, 10168, 10186, 10187, 10189, 10225}
    ),
}
"""The codes of each class; a code stands in one. What stands in none is UNLISTED."""

_BY_CODE: dict[int, ErrorClass] = {code: meaning for meaning, codes in CODES.items() for code in codes}
_ANSWERS = frozenset({ErrorClass.INFO, ErrorClass.WARNING})
"""What does not keep a query from being answered."""
_KEEPS_DATA = CODES[ErrorClass.INFO] | {2103, 2104, 2105, 2106, 2158, 10197}
"""About a market data request that stays in force all the same."""


def classify(code: int, kind: RequestKind, text: str) -> ErrorClass:
    """What `code` means for a request of `kind`; UNLISTED where no table of ours has it."""
    found = _BY_CODE.get(code, ErrorClass.UNLISTED)
    if kind is RequestKind.MARKET_DATA:
        return found if found is ErrorClass.COMPETING_SESSION else ErrorClass.DATA_ONLY
    if code == 202 and "price capped" in text.lower():
        # The same number says that a market order's price was capped: the order lives.
        return ErrorClass.OTHER_TERMS
    if kind is RequestKind.QUERY and found not in _ANSWERS:
        return ErrorClass.REJECTED
    return found


def explained(code: int, text: str) -> str:
    """IBKR's words for a code, or better ones where those say nothing of what to do."""
    if code == READ_ONLY and "read-only" in text.lower():
        return (
            "The API of TWS is read-only: it shows no orders and takes none. Take the tick off Read-Only API in "
            "Configure > API > Settings of TWS or IB Gateway"
        )
    return text


def ends_market_data(code: int) -> bool:
    """True if a market data request is over after `code`, so that it may be made again."""
    return code not in _KEEPS_DATA
