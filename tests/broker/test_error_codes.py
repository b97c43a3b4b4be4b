"""The table of error codes."""

from __future__ import annotations

import pytest

from core.broker.error_codes import _BY_CODE, _CLASSES, _LINK, classify
from core.domain.reports import ErrorClass, RequestKind


def test_no_code_is_in_two_classes() -> None:
    assert len(_BY_CODE) == len(_LINK) + sum(len(codes) for codes, _ in _CLASSES)


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
        (10197, RequestKind.NEW_ORDER, ErrorClass.DATA_ONLY),
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
    assert classify(202, RequestKind.NEW_ORDER, "Order price capped at 10.00") is ErrorClass.WARNING
