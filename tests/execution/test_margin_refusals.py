"""IBKR's refusal for margin, as a person reads it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.account import Account
from core.domain.orders import Order, OrderState
from core.domain.reports import ErrorClass
from core.execution.margin_refusals import in_short
from tests.execution.clockwork import jumping
from tests.execution.reports import AAPL, ACCOUNT, D, buy, error
from tests.execution.rig import rig
from tests.execution.test_money import account_value
from tests.tui.sample import make_order

ORDER: Order = replace(make_order(1, AAPL.con_id, "BUY 500 AAPL LMT 233.33"), account=ACCOUNT)
TAKEN = Account(account=ACCOUNT, initial_margin=D(0))


def said(equity: str, needed: str) -> str:
    return (
        "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH "
        f"LOAN VALUE [{equity} USD] MUST EXCEED THE INITIAL MARGIN [{needed} USD]"
    )


def short(text: str, account: Account | None = TAKEN, code: int = 201) -> str:
    return in_short(error(1, code, ErrorClass.REJECTED, text=text), ORDER, account, AAPL).text


@pytest.mark.parametrize(
    ("equity", "needed", "taken", "words"),
    [
        ("31900.00", "48200.00", "0", "needs 48,200 USD margin, you have 31,900. 330 would fit."),
        ("31,900.00", "48,200.00", "0", "needs 48,200 USD margin, you have 31,900. 330 would fit."),
        ("30000", "50000", "20000", "needs 50,000 USD margin, you have 30,000. 166 would fit."),
        ("30000", "60000", "0", "needs 60,000 USD margin, you have 30,000. 249 would fit."),
        ("30000", "50000", "30000", "needs 50,000 USD margin, you have 30,000. None would fit."),
        ("30000", "50000", "40000", "needs 50,000 USD margin, you have 30,000. None would fit."),
        ("10", "50000", "0", "needs 50,000 USD margin, you have 10. None would fit."),
    ],
)
def test_the_figures_and_the_size_that_would_fit(equity: str, needed: str, taken: str, words: str) -> None:
    assert short(said(equity, needed), replace(TAKEN, initial_margin=D(taken))) == words


def test_without_the_margin_that_is_taken_no_size_is_named() -> None:
    words = "needs 48,200 USD margin, you have 31,900."

    assert short(said("31900", "48200"), None) == words
    assert short(said("31900", "48200"), Account(account=ACCOUNT)) == words


@pytest.mark.parametrize(
    "text", ["Order rejected - reason:no trading permission", said("1.2.3", "5"), said("50000", "40000"), ""]
)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert short(text) == text
    assert short(said("31900", "48200"), code=202) == said("31900", "48200")


@given(equity=st.integers(1, 100_000), more=st.integers(1, 100_000), taken=st.integers(0, 100_000))
def test_what_would_fit_takes_less_than_there_is(equity: int, more: int, taken: int) -> None:
    needed = equity + more
    words = short(said(str(equity), str(needed)), replace(TAKEN, initial_margin=D(taken)))
    fits = words.split(". ")[-1].removesuffix(" would fit.")
    quantity = D(0) if fits == "None" else Decimal(fits.replace(",", ""))

    assert quantity < 500
    if quantity:
        assert quantity * (needed - taken) < 500 * (equity - taken)
    elif equity > taken:
        assert needed - taken >= 500 * (equity - taken)


@jumping
async def test_a_refused_order_says_it_to_the_desk() -> None:
    async with rig() as desk:
        desk.say(account_value("InitMarginReq", "20000"))
        ack = await desk.place(buy(1, quantity="100"))
        assert ack.order is not None
        desk.say(error(ack.order.order_id, 201, ErrorClass.REJECTED, text=said("30000", "43333")))

        words = "needs 43,333 USD margin, you have 30,000. 42 would fit."
        assert desk.order().state is OrderState.REJECTED
        assert desk.order().note == words
        assert desk.told()[-1] == f"IBKR refused #1 BUY 100 AAPL @ 233.33: {words} [201]"
