"""Tickets: words and numbers of scripts, refused by name before anything is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.denials import DenialCode
from core.domain.instructions import Adaptive, AdaptivePriority, Trail
from core.domain.instruments import Instrument, SecType
from core.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from core.errors import OrderValueError
from core.scripting.tickets import Instructions, Number, ticket

AAPL = Instrument(con_id=265598, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")


@pytest.mark.parametrize(
    ("word", "prices", "kind"),
    [
        ("MARKET", {}, OrderType.MKT),
        ("limit", {"limit_price": 245.50}, OrderType.LMT),
        ("STOP", {"stop_price": "230"}, OrderType.STP),
        ("STOP_LIMIT", {"stop_price": 450, "limit_price": Decimal("451.00")}, OrderType.STP_LMT),
        ("STP LMT", {"stop_price": 450, "limit_price": 451}, OrderType.STP_LMT),
        ("MOC", {}, OrderType.MOC),
    ],
)
def test_types_by_the_published_words_and_by_those_of_ibkr(
    word: str, prices: dict[str, Number], kind: OrderType
) -> None:
    made = ticket("AAPL", "buy", 100, word, limit_price=prices.get("limit_price"), stop_price=prices.get("stop_price"))
    assert (made.order_type, made.side, made.quantity) == (kind, Side.BUY, Decimal(100))


def test_a_float_counts_as_it_prints() -> None:
    assert str(ticket("TSLA", "SELL", 50, "LIMIT", limit_price=245.1).limit_price) == "245.1"


@pytest.mark.parametrize(
    ("urgency", "priority"),
    [("LOW", AdaptivePriority.PATIENT), ("NORMAL", AdaptivePriority.NORMAL), ("high", AdaptivePriority.URGENT)],
)
def test_adaptive_is_a_market_or_a_limit_order_with_the_priority_of_its_urgency(
    urgency: str, priority: AdaptivePriority
) -> None:
    free = ticket("AAPL", "BUY", 1, "ADAPTIVE", urgency=urgency)
    assert (free.order_type, free.algo) == (OrderType.MKT, Adaptive(priority=priority))
    assert ticket("AAPL", "BUY", 1, "ADAPTIVE", limit_price=1).order_type is OrderType.LMT


def test_trailing_stop() -> None:
    assert ticket("AAPL", "SELL", 1, "TRAIL", trail_percent="1.5").trail == Trail(percent=Decimal("1.5"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"order_type": "LIMIT"}, "limit price missing for a limit order"),
        ({"limit_price": "5"}, "limit price not taken for a market order"),
        ({"order_type": "TRAIL"}, "trailing distance missing"),
        ({"order_type": "SOMEHOW"}, "order_type='SOMEHOW' is no order type"),
        ({"order_type": "LIMIT", "limit_price": "nan"}, "limit_price='nan' is no number"),
        ({"order_type": "LIMIT", "limit_price": "1,000"}, "limit_price='1,000' is no number"),
        ({"quantity": "0"}, "quantity='0' must be above 0"),
        ({"quantity": "-5"}, "quantity='-5' must be above 0"),
        ({"side": "HOLD"}, "side='HOLD' is none of BUY, SELL"),
        ({"time_in_force": "SOON"}, "time_in_force='SOON' is none of DAY, GTC, IOC, FOK, GTD, OPG"),
        ({"order_type": "MOC", "time_in_force": "GTC"}, "a market-on-close order takes DAY, not GTC"),
        ({"order_type": "ADAPTIVE", "urgency": "NOW"}, "urgency='NOW' is none of LOW, NORMAL, HIGH"),
        ({"symbol": " "}, "needs a symbol"),
    ],
)
def test_what_makes_no_order_is_a_value_error_that_names_it(words: dict[str, str], told: str) -> None:
    given = {"symbol": "AAPL", "side": "BUY", "quantity": "100", **words}
    with pytest.raises(ValueError, match=told) as caught:
        ticket(
            given["symbol"],
            given["side"],
            given["quantity"],
            given.get("order_type", "MARKET"),
            limit_price=given.get("limit_price"),
            time_in_force=given.get("time_in_force", "DAY"),
            urgency=given.get("urgency", "NORMAL"),
        )
    assert isinstance(caught.value, OrderValueError)


@pytest.mark.parametrize(
    ("prices", "told"),
    [
        (
            {"limit_price": 500},
            'limit price not taken for a market order. Write order_type="LIMIT". Nothing was sent.',
        ),
        ({"stop_price": 500}, 'stop price not taken for a market order. Write order_type="STOP". Nothing was sent.'),
        ({"limit_price": 501, "stop_price": 500}, 'Write order_type="STOP_LIMIT".'),
        ({"trail_amount": 2}, 'Write order_type="TRAIL".'),
    ],
)
def test_prices_without_a_type_say_which_type_to_write(prices: Instructions, told: str) -> None:
    with pytest.raises(OrderValueError) as caught:
        ticket("SPY", "BUY", 1, **prices)
    assert told in str(caught.value)

    named = told.partition('"')[2].partition('"')[0]
    ticket("SPY", "BUY", 1, named, **prices)


def test_a_price_that_a_named_type_does_not_take_gives_no_advice() -> None:
    with pytest.raises(OrderValueError) as caught:
        ticket("SPY", "BUY", 1, "MOC", limit_price=500)
    assert str(caught.value).endswith("limit price not taken for a market-on-close order. Nothing was sent.")


def test_request_has_what_the_ticket_says_and_the_contract_of_its_symbol() -> None:
    made = ticket("aapl", "SELL", 5, "LIMIT", limit_price=7, time_in_force="GTC", tag="t", strategy="s", repeat=True)
    assert DenialCode.DUPLICATE in made.confirms
    assert made.request(AAPL, "DU1", "ibd-X") == OrderRequest(
        order_ref="ibd-X", account="DU1", con_id=265598, side=Side.SELL, quantity=Decimal(5), order_type=OrderType.LMT,
        limit_price=Decimal(7), tif=TimeInForce.GTC, tag="t", strategy="s",
    )  # fmt: skip
