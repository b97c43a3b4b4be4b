"""Control 18: symbols, classes, exchanges, currencies, accounts, and short sales."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from core.domain.denials import Denial, DenialCode
from core.domain.instruments import SecType
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, Side
from core.domain.permissions import Permissions
from core.risk.behaviour import COMPUTED
from core.risk.circumstances import Circumstances
from core.risk.permissions import not_short, permitted
from core.text import mask_account
from tests.execution.reports import AAPL as UNLISTED
from tests.execution.reports import ACCOUNT, D, buy
from tests.risk.room import FLAT

AAPL = replace(UNLISTED, primary_exchange="NASDAQ")
EURUSD = replace(AAPL, symbol="EUR", sec_type=SecType.CASH, currency="USD")
BUY = buy()
SELL = buy(side=Side.SELL)
LONG = replace(FLAT, held=D(100), expected=D(100))


def around(permissions: Permissions, **given: object) -> Circumstances:
    """Flat in AAPL, with what a test says."""
    made = Circumstances(instrument=AAPL, quote=None, accounts=(ACCOUNT,), limits=Limits(), exposure=FLAT)
    return replace(made, permissions=permissions, **given)


LISTED = "NASDAQ"
KEPT_OUT = [
    (Permissions(forbidden_symbols=("AAPL",)), "symbol AAPL, is forbidden", "permissions.forbidden_symbols"),
    (Permissions(allowed_symbols=("TSLA",)), "is not among what is allowed", "permissions.allowed_symbols"),
    (Permissions(allowed_symbols=()), "is not among what is allowed", "permissions.allowed_symbols"),
    (Permissions(forbidden_sec_types=("STK",)), "class STK, is forbidden", "permissions.forbidden_sec_types"),
    (Permissions(allowed_sec_types=("OPT", "FUT")), "is not among", "permissions.allowed_sec_types"),
    (Permissions(forbidden_exchanges=(LISTED,)), f"exchange {LISTED} or SMART,", "permissions.forbidden_exchanges"),
    (Permissions(forbidden_exchanges=("SMART",)), "is forbidden", "permissions.forbidden_exchanges"),
    (Permissions(allowed_exchanges=("NYSE",)), "is not among", "permissions.allowed_exchanges"),
    (Permissions(forbidden_currencies=("USD",)), "currency USD, is forbidden", "permissions.forbidden_currencies"),
    (Permissions(allowed_currencies=("EUR",)), "is not among", "permissions.allowed_currencies"),
    (
        Permissions(allowed_symbols=("AAPL",), forbidden_symbols=("AAPL",)),
        "is forbidden",
        "permissions.forbidden_symbols",
    ),
]
ACCOUNTS = [
    (Permissions(forbidden_accounts=(ACCOUNT,)), "is forbidden", "permissions.forbidden_accounts"),
    (Permissions(allowed_accounts=("DU7654321",)), "is not among", "permissions.allowed_accounts"),
]


@pytest.mark.covers("D4.7")
@pytest.mark.parametrize(("permissions", "says", "limit"), KEPT_OUT + ACCOUNTS)
@pytest.mark.parametrize("request_", [BUY, SELL])
def test_a_list_keeps_it_out(permissions: Permissions, says: str, limit: str, request_: OrderRequest) -> None:
    found = permitted(request_, around(permissions))

    assert isinstance(found, Denial)
    assert (found.code, found.limit) == (DenialCode.PERMISSION, limit)
    assert says in found.message
    assert f"({limit})" in found.message
    assert ACCOUNT not in found.message


def test_the_words() -> None:
    advice = "Change the list with `ibdesk limits`, or trade something else."

    for permissions, words in (
        (
            Permissions(allowed_symbols=("TSLA",)),
            "AAPL, symbol AAPL, is not among what is allowed in this profile (permissions.allowed_symbols)",
        ),
        (
            Permissions(forbidden_accounts=(ACCOUNT,)),
            f"account {mask_account(ACCOUNT)} is forbidden in this profile (permissions.forbidden_accounts)",
        ),
    ):
        found = permitted(BUY, around(permissions))
        assert found is not None
        assert found.message == f"Not sent: {words}. {advice}"


def test_a_list_knows_accounts_and_symbols_in_small_letters() -> None:
    small = around(Permissions(forbidden_symbols=("AAPL",)), instrument=replace(AAPL, symbol="aapl"))

    assert permitted(BUY, small) is not None
    assert permitted(replace(BUY, account="du1"), around(Permissions(forbidden_accounts=("DU1",)))) is not None


@pytest.mark.parametrize(
    "permissions",
    [
        Permissions(),
        Permissions(allowed_symbols=("AAPL", "TSLA"), forbidden_symbols=("GME",)),
        Permissions(allowed_sec_types=("STK",), allowed_currencies=("USD",)),
        Permissions(allowed_exchanges=(LISTED,)),
        Permissions(allowed_exchanges=("SMART",)),
        Permissions(allowed_accounts=(ACCOUNT,)),
    ],
)
def test_a_list_lets_it_through(permissions: Permissions) -> None:
    assert permitted(BUY, around(permissions)) is None


def test_an_exchange_that_nobody_knows_is_none_that_is_allowed() -> None:
    unlisted = replace(AAPL, primary_exchange="", exchange="")
    found = permitted(BUY, around(Permissions(allowed_exchanges=("NYSE",)), instrument=unlisted))

    assert found is not None
    assert "exchange unknown" in found.message


@pytest.mark.parametrize(("permissions", "says", "limit"), KEPT_OUT)
def test_what_at_most_closes_gets_out(permissions: Permissions, says: str, limit: str) -> None:
    held = around(permissions, exposure=LONG)

    assert permitted(SELL, held) is None
    assert permitted(replace(SELL, quantity=D(101)), held) is not None
    assert permitted(BUY, held) is not None
    assert says
    assert limit


@pytest.mark.parametrize(("permissions", "says", "limit"), ACCOUNTS)
def test_no_order_gets_into_an_account_that_is_kept_out(permissions: Permissions, says: str, limit: str) -> None:
    found = permitted(SELL, around(permissions, exposure=LONG))

    assert found is not None
    assert says in found.message
    assert found.limit == limit


NO_SHORTS = Permissions(short=False)


@pytest.mark.parametrize(
    ("held", "on_sale", "filled", "quantity", "passes"),
    [
        (0, 0, 0, 1, False),
        (100, 0, 0, 100, True),
        (100, 0, 0, 101, False),
        (100, 1, 0, 100, False),
        (100, 1, 0, 99, True),
        (60, 0, 40, 100, True),
        (60, 0, 40, 101, False),
        (-5, 0, 0, 1, False),
    ],
)
def test_nothing_is_sold_beyond_what_is_held(held: int, on_sale: int, filled: int, quantity: int, passes: bool) -> None:
    exposure = replace(
        FLAT, held=D(held), expected=D(held), same_side_taking=D(on_sale), same_side=D(on_sale), filled=D(filled)
    )
    found = not_short(replace(SELL, quantity=D(quantity)), around(NO_SHORTS, exposure=exposure))

    assert (found is None) is passes
    if found is not None:
        assert (found.code, found.limit) == (DenialCode.PERMISSION, "permissions.short")
        assert "would go short" in found.message


def test_what_core_computes_to_close_passes_beside_a_target_and_a_typed_sale_is_told_what_to_cancel() -> None:
    exposure = replace(LONG, same_side_taking=D(100), same_side=D(100), taking_name="#7 SELL 100 AAPL @ 236")
    given = around(NO_SHORTS, exposure=exposure)
    computed = replace(given, asked=COMPUTED)
    beyond = replace(SELL, quantity=D(101))

    assert not_short(SELL, computed) is None
    assert not_short(beyond, computed) is not None
    typed, more = not_short(SELL, given), not_short(beyond, given)
    assert typed is not None
    assert typed.message.endswith("Not sent. Cancel #7 SELL 100 AAPL @ 236 first, or type a smaller quantity.")
    assert more is not None
    assert more.message.endswith("Not sent. Type a smaller quantity."), "no cancel would let it pass"


def test_fills_that_are_not_shown_yet_count() -> None:
    sold, bought = replace(FLAT, held=D(100), expected=D(0)), replace(FLAT, held=D(0), expected=D(100))
    unread = replace(FLAT, held=None, expected=D(100))

    assert not_short(SELL, around(NO_SHORTS, exposure=sold)) is not None
    assert not_short(SELL, around(NO_SHORTS, exposure=bought)) is not None
    assert not_short(SELL, around(NO_SHORTS, exposure=unread)) is None
    assert not_short(replace(SELL, quantity=D(101)), around(NO_SHORTS, exposure=unread)) is not None


@pytest.mark.parametrize(
    ("request_", "given"),
    [
        (BUY, around(NO_SHORTS)),
        (SELL, around(Permissions())),
        (SELL, around(NO_SHORTS, instrument=EURUSD)),
        (SELL, around(NO_SHORTS, instrument=replace(AAPL, sec_type=SecType.BAG))),
        (SELL, around(NO_SHORTS, instrument=None)),
    ],
)
def test_what_is_no_short_sale(request_: OrderRequest, given: Circumstances) -> None:
    assert not_short(request_, given) is None
