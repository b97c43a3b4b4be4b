"""Sizes at a running core: answered from the account, the market and the limits of this moment, nothing sent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Ack, DenialCode, OrderPreview, PreviewOrder, SizeOrder
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, Side
from core.domain.sizes import Size, Sized, SizeKind, size_of
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import D, buy, position
from tests.execution.rig import Rig, rig
from tests.execution.test_money import account_value
from tests.limits import UNASKED


def long(broker: FakeBroker) -> None:
    """75 AAPL are held."""
    broker.book_positions.append(position("75", cost="233.30"))


async def size(desk: Rig, text: str, request: OrderRequest | None = None, stop: str | None = None) -> Ack:
    """Core's answer to a size as a person writes it."""
    wanted = size_of(text)
    assert wanted is not None
    ack = await desk.send(
        SizeOrder(request=request or buy(), size=wanted, stop_price=None if stop is None else D(stop))
    )
    assert desk.broker.placed == []
    return ack


def units(ack: Ack) -> Decimal:
    assert isinstance(ack.result, Sized), ack.denied
    return ack.result.quantity


@jumping
async def test_each_kind_of_size() -> None:
    async with rig(prepare=long) as desk:
        desk.say(account_value("NetLiquidation", "100000"), account_value("BuyingPower", "400000"))
        sell = buy(side=Side.SELL, price="233.34")

        assert units(await size(desk, "250")) == 250
        assert units(await size(desk, "$10k", buy(price="233.33"))) == 42
        assert units(await size(desk, "25%bp", buy(price="233.33"))) == 428
        assert units(await size(desk, "$200r", buy(price="233.33"), stop="231.90")) == 138
        assert units(await size(desk, "0.5%r", buy(price="233.33"), stop="231.90")) == 347
        assert units(await size(desk, "50%", sell)) == 37


@jumping
async def test_the_risk_of_a_sale_counts_from_its_own_price_however_good_the_market_is() -> None:
    async with rig() as desk:
        sell = buy(side=Side.SELL, price="230.00")
        found = await size(desk, "$1002r", sell, stop="240.00")

        assert isinstance(found.result, Sized)
        assert (found.result.quantity, found.result.risk) == (D(100), D("1002.00"))


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("$200r", DenialCode.QUANTITY, "this order has none"),
        ("25%bp", DenialCode.NO_MARGIN, "buying power is not known"),
        ("50%", DenialCode.NO_POSITION, "there is none"),
        ("$100", DenialCode.QUANTITY, "smallest order"),
    ],
)
@jumping
async def test_a_size_that_comes_to_nothing_says_why(text: str, code: DenialCode, words: str) -> None:
    async with rig() as desk:
        ack = await size(desk, text)

        assert not ack.ok
        assert ack.denied is not None
        assert ack.denied.code is code
        assert words in ack.denied.message


@jumping
async def test_an_unknown_contract_and_a_price_that_is_none_are_refused() -> None:
    async with rig() as desk:
        unknown = await size(desk, "100", replace(buy(), con_id=4711))
        odd = await size(desk, "$10k", replace(buy(), limit_price=D("NaN")))

        assert unknown.denied is not None
        assert unknown.denied.code is DenialCode.UNKNOWN_INSTRUMENT
        assert odd.denied is not None
        assert odd.denied.code is DenialCode.PRICE


@jumping
async def test_the_most_that_margin_allows() -> None:
    async with rig() as desk:
        desk.say(account_value("NetLiquidation", "30000"), account_value("InitMarginReq", "10000"))
        fits = await desk.send(SizeOrder(request=buy(price="233.33"), size=Size(SizeKind.MARGIN, D(500))))
        desk.say(account_value("InitMarginReq", "30000"))
        none = await desk.send(SizeOrder(request=buy(price="233.33"), size=Size(SizeKind.MARGIN, D(500))))

        assert units(fits) == 85, "20,000 is free, and IBKR was not asked what 233.33 takes"
        assert none.denied is not None
        assert none.denied.code is DenialCode.MARGIN


@jumping
async def test_a_preview_says_how_far_each_limit_is_used_and_which_size_would_fit() -> None:
    limits = replace(UNASKED, order_value=D(20_000), day_orders=200)
    async with rig(limits=limits) as desk:
        await desk.working(buy(1, quantity="10", price="230.00"))
        ack = await desk.send(PreviewOrder(request=buy(2, price="233.33")))

        assert isinstance(ack.result, OrderPreview)
        assert ack.result.denied is not None
        assert ack.result.denied.limit == "order_value"
        assert ack.result.fits == 85
        found = {budget.name: (budget.used, budget.after, budget.limit) for budget in ack.result.budgets}
        assert found["order_value"] == (D(0), D(23_333), D(20_000))
        assert found["day_orders"] == (D(1), D(2), D(200))
        assert found["open_orders_side"] == (D(1), D(2), D(10))
        assert found["unexecuted_value"] == (D(2_300), D(25_633), D(5_000_000))


@jumping
async def test_a_preview_that_passes_or_is_refused_for_something_else_names_no_size() -> None:
    async with rig() as desk:
        for request in (buy(price="233.33"), buy(price="233.337")):
            ack = await desk.send(PreviewOrder(request=request))

            assert isinstance(ack.result, OrderPreview)
            assert ack.result.fits is None


@jumping
async def test_a_size_that_fits_may_be_asked_about_but_not_refused() -> None:
    limits = replace(Limits(), order_value=D(20_000), unusual_value_percent=D(50))
    async with rig(limits=limits) as desk:
        ack = await desk.send(PreviewOrder(request=buy(price="233.33")))

        assert isinstance(ack.result, OrderPreview)
        assert ack.result.fits == 85
