"""The table of error codes."""

from __future__ import annotations

import pytest

from core.broker.codes_page import PAGE, page
from core.broker.error_codes import CODES, classify
from core.domain.reports import ErrorClass, RequestKind


def test_no_code_is_in_two_classes() -> None:
    codes = [code for group in CODES.values() for code in group]

    assert len(codes) == len(set(codes))


def test_every_class_but_the_unlisted_has_codes() -> None:
    assert set(ErrorClass) - set(CODES) == {ErrorClass.UNLISTED}
    assert all(CODES.values())


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m core.broker.codes_page"


@pytest.mark.parametrize(
    ("code", "kind", "expected"),
    [
        (201, RequestKind.NEW_ORDER, ErrorClass.REJECTED),
        (202, RequestKind.CANCEL, ErrorClass.CANCELLED),
        (399, RequestKind.NEW_ORDER, ErrorClass.WARNING),
        (404, RequestKind.NEW_ORDER, ErrorClass.HELD),
        (10147, RequestKind.CANCEL, ErrorClass.CANCEL_REFUSED),
        (10148, RequestKind.CANCEL, ErrorClass.CANCEL_REFUSED),
        (10349, RequestKind.NEW_ORDER, ErrorClass.INFO),
        (321, RequestKind.NEW_ORDER, ErrorClass.AMBIGUOUS),
        (10328, RequestKind.NEW_ORDER, ErrorClass.AMBIGUOUS),
        (321, RequestKind.QUERY, ErrorClass.REJECTED),
        (200, RequestKind.MARKET_DATA, ErrorClass.DATA_ONLY),
        (201, RequestKind.MARKET_DATA, ErrorClass.DATA_ONLY),
        (10197, RequestKind.NEW_ORDER, ErrorClass.COMPETING_SESSION),
        (10197, RequestKind.MARKET_DATA, ErrorClass.COMPETING_SESSION),
        (110, RequestKind.NEW_ORDER, ErrorClass.INVALID),
        (103, RequestKind.NEW_ORDER, ErrorClass.OUR_FAULT),
        (481, RequestKind.NEW_ORDER, ErrorClass.OTHER_TERMS),
        (10006, RequestKind.NEW_ORDER, ErrorClass.TRANSIENT),
        (1100, RequestKind.CONNECTION, ErrorClass.LINK_DOWN),
        (1101, RequestKind.CONNECTION, ErrorClass.LINK_UP_DATA_LOST),
        (1102, RequestKind.CONNECTION, ErrorClass.LINK_UP_DATA_KEPT),
        (2103, RequestKind.CONNECTION, ErrorClass.FARM_DOWN),
        (2158, RequestKind.CONNECTION, ErrorClass.FARM_UP),
        (31337, RequestKind.NEW_ORDER, ErrorClass.UNLISTED),
    ],
)
def test_meaning(code: int, kind: RequestKind, expected: ErrorClass) -> None:
    assert classify(code, kind, "text") is expected


def test_capped_price_is_no_cancel() -> None:
    assert classify(202, RequestKind.NEW_ORDER, "Order price capped at 10.00") is ErrorClass.OTHER_TERMS
