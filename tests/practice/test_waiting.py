"""Orders that wait or end by the clock, by conditions, by the hours or in an auction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.practice import tables_in as ask
from core.practice.auctions import hours, is_open, is_regular, next_close, next_open
from core.practice.catalogue import build_catalogue
from core.practice.moments import moment
from core.practice.tables import Record, Value
from tests.practice.conftest import OPTIONS
from tests.practice.raw_client import AAPL, AMD, RawClient, details
from tests.practice.stage import AAPL_ID, TEN, Stage, heard, last

LIMIT: dict[str, Value] = {"orderType": "LMT", "lmtPrice": Decimal("99.50")}
NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("20261120 15:00:00 UTC", TEN),
        ("20261120-15:00:00", TEN),
        ("20261120 10:00:00 US/Eastern", TEN),
        ("20261120 10:00:00 EST", TEN),
        ("20261120 09:00:00 CST", TEN),
        ("20261120 10:00:00", TEN),
        ("20261120  10:00:00", TEN),
        ("10:00:00", TEN),
        ("10:00", TEN),
        ("15:00:00 UTC", TEN),
        ("20261120", TEN - 36_000),
    ],
)
def test_times_of_orders(text: str, wanted: float) -> None:
    assert moment(text, TEN, NEW_YORK) == wanted


def test_a_date_alone_may_mean_its_end() -> None:
    assert moment("20261120", TEN, NEW_YORK, end_of_day=True) == TEN + 14 * 3600 - 1


@pytest.mark.parametrize(
    "text", ["", "soon", "20261320 10:00:00", "25:00:00", "20261120 10:00:00 Mars/Olympus", "2026"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        moment(text, TEN, NEW_YORK)


def test_the_hours_of_stocks_and_futures() -> None:
    catalogue = build_catalogue(date(2026, 11, 20))
    apple = catalogue.by_id[AAPL_ID]
    future = next(item for item in catalogue.instruments if item.is_future)

    def at(text: str) -> float:
        return moment(text, TEN, NEW_YORK)

    assert next_open(apple, TEN) == at("20261123 09:30:00")
    assert next_close(apple, TEN) == at("20261120 16:00:00")
    assert next_close(apple, at("20261120 16:00:00")) == at("20261123 16:00:00")
    assert next_close(apple, at("20261127 09:00:00")) == at("20261127 13:00:00")
    assert next_open(apple, at("20261126 09:00:00")) == at("20261127 09:30:00")
    assert next_close(future, TEN) == at("20261120 17:00:00")
    assert hours(future, date(2026, 11, 21), 3)[0].split(";") == [
        "20261121:CLOSED",
        "20261122:CLOSED",
        "20261122:1700-20261123:1600",
    ]
    assert hours(apple, date(2026, 11, 27), 1)[1] == "20261127:0930-20261127:1300"
    assert [is_regular(apple, at(f"20261120 {clock}")) for clock in ("09:29", "09:30", "15:59", "16:00")] == [
        0,
        1,
        1,
        0,
    ]
    assert [is_open(apple, at(f"20261120 {clock}")) for clock in ("03:59", "04:00", "19:59", "20:00")] == [0, 1, 1, 0]
    assert not is_open(apple, at("20261121 12:00:00"))
    times = ("20261120 16:59", "20261120 17:00", "20261122 17:59", "20261122 18:00", "20261123 17:30", "20261123 18:00")
    assert [is_open(future, at(time)) for time in times] == [1, 0, 0, 1, 0, 1]


async def test_good_till_date_ends_by_the_clock(stage: Stage, client: RawClient) -> None:
    client.place_terms({**LIMIT, "tif": "GTD", "goodTillDate": "20261120 10:05:00 US/Eastern"})
    await heard(client)
    stage.wait(299)
    assert await heard(client) == []
    stage.wait(1)

    assert await heard(client) == ["1 Cancelled", "1 error 202"]


async def test_good_after_time_waits_for_the_clock(stage: Stage, client: RawClient) -> None:
    client.place(goodAfterTime="20261120-15:05:00")
    assert await heard(client) == ["1 PreSubmitted"]
    stage.wait(299)
    assert await heard(client) == []
    stage.wait(1)

    assert await heard(client) == ["1 Submitted", "1 exec 100 100.01", "1 Filled"]


async def test_an_order_that_waits_is_open_and_may_be_changed_and_cancelled(stage: Stage, client: RawClient) -> None:
    terms: dict[str, Value] = {**LIMIT, "goodAfterTime": "20261120-15:05:00"}
    client.place_terms(terms)
    await heard(client)
    client.place_terms({**terms, "lmtPrice": Decimal("101.00")}, order_id=1)
    assert await heard(client) == ["1 PreSubmitted"]
    assert stage.gateway.hub.desk.busy
    client.ask(ask.CANCEL_ORDER, orderId=1)

    assert await heard(client) == ["1 PendingCancel", "1 Cancelled", "1 error 202"]
    stage.wait(301)
    assert await heard(client) == []
    assert not stage.gateway.hub.desk.busy


def price(units: str, con_id: int = AAPL_ID, **more: Value) -> Record:
    """Return a condition on a price."""
    return Record(condType=1, conjunction="a", isMore=True, price=Decimal(units), conId=con_id, exch="SMART", **more)


async def test_a_price_condition_starts_an_order(stage: Stage, client: RawClient) -> None:
    client.place(AMD, orderType="LMT", lmtPrice=Decimal("1.00"), conditions=[price("100.50")])
    assert await heard(client) == ["1 PreSubmitted"]
    opened = last(client, "openOrder", 1).rows("conditions")
    assert [row.number("price") for row in opened] == [Decimal("100.50")]
    stage.move(100_4000, 100)
    assert await heard(client) == []
    stage.move(100_4900, 100)
    assert await heard(client) == ["1 Submitted"]
    stage.move(99_0000, 100)

    assert await heard(client) == []


async def test_a_condition_may_cancel_an_order(stage: Stage, client: RawClient) -> None:
    client.place_terms({**LIMIT, "conditions": [price("100.50")], "conditionsCancelOrder": True})
    assert await heard(client) == ["1 PreSubmitted", "1 Submitted"]
    stage.move(100_5000, 100)

    assert await heard(client) == ["1 Cancelled", "1 error 202"]


@pytest.mark.parametrize(
    ("rows", "starts"),
    [
        ([price("101"), price("102")], False),
        ([price("100"), price("102")], False),
        ([price("101"), Record(price("100"), conjunction="o")], False),
        ([Record(price("101"), conjunction="o"), price("100")], True),
        ([Record(price("100"), conjunction="o"), price("101"), price("102")], True),
        ([price("100"), Record(price("101"), conjunction="o"), price("100")], True),
        ([Record(price("100"), isMore=False)], False),
        ([Record(price("101"), isMore=False)], True),
        ([Record(condType=3, isMore=True, time="20261120-14:59:59")], True),
        ([Record(condType=3, isMore=False, time="20261120-14:59:59")], False),
        ([Record(condType=4, isMore=True, percent=99)], True),
        ([Record(condType=4, isMore=False, percent=99)], False),
        ([Record(condType=5, secType="STK", exch="*", symbol="AAPL")], False),
        ([Record(condType=6, isMore=True, volume=1, conId=AAPL_ID, exch="SMART")], True),
        ([Record(condType=6, isMore=True, volume=2_000_000_000, conId=AAPL_ID, exch="SMART")], False),
        ([Record(condType=7, isMore=False, changePercent=Decimal(-10), conId=AAPL_ID, exch="SMART")], True),
        ([Record(condType=7, isMore=True, changePercent=Decimal(0), conId=AAPL_ID, exch="SMART")], False),
    ],
    ids=str,
)
async def test_conditions(client: RawClient, rows: list[Record], starts: bool) -> None:
    client.place_terms({**LIMIT, "conditions": rows})

    words = await heard(client)
    assert words == (["1 PreSubmitted", "1 Submitted"] if starts else ["1 PreSubmitted"])


async def test_an_execution_condition_waits_for_a_fill(stage: Stage, client: RawClient) -> None:
    stage.gateway.ledger.executions.clear()
    client.place_terms({**LIMIT, "conditions": [Record(condType=5, secType="STK", exch="SMART", symbol="AAPL")]})
    assert await heard(client) == ["1 PreSubmitted"]
    await client.until(client.place(), "commission")
    stage.step()

    assert await heard(client) == ["1 Submitted"]


@pytest.mark.parametrize(
    ("terms", "at", "words"),
    [
        ({"orderType": "MOC"}, "16:00:00", ["1 exec 100 100", "1 Filled"]),
        ({"orderType": "LOC", "lmtPrice": Decimal("100.00")}, "16:00:00", ["1 exec 100 100", "1 Filled"]),
        ({"orderType": "LOC", "lmtPrice": Decimal("99.99")}, "16:00:00", ["1 Cancelled", "1 error 202"]),
        ({"orderType": "MKT", "tif": "OPG"}, "20261123 09:30:00", ["1 exec 100 100", "1 Filled"]),
        ({"orderType": "MOO"}, "20261123 09:30:00", ["1 exec 100 100", "1 Filled"]),
        (
            {"orderType": "LMT", "lmtPrice": Decimal(99), "tif": "OPG"},
            "20261123 09:30:00",
            ["1 Cancelled", "1 error 202"],
        ),
    ],
    ids=str,
)
async def test_auctions(stage: Stage, client: RawClient, terms: dict[str, Value], at: str, words: list[str]) -> None:
    stage.move(100_0000, 100, buys=False)
    client.place_terms(terms)
    assert await heard(client) == ["1 PreSubmitted"]
    auction = moment(at, TEN, NEW_YORK)
    stage.wait(auction - TEN - 1)
    assert await heard(client) == []
    stage.wait(1)

    assert await heard(client) == words


async def test_outside_regular_hours_means_nothing_to_a_market_order(client: RawClient) -> None:
    client.place(outsideRth=True)

    assert (await heard(client))[0] == "1 error 2109"


async def test_orders_wait_for_the_regular_session(tmp_path: Path) -> None:
    early = moment("20261120 08:00:00", TEN, NEW_YORK)
    options = replace(OPTIONS, state=tmp_path, hours="exchange")
    async with Stage.raised(options, early) as stage:
        client = await RawClient.connect(stage.gateway.port)
        [told] = await details(client, AAPL)
        assert told.text("tradingHours").startswith("20261120:0400-20261120:2000;20261121:CLOSED;")
        assert told.text("liquidHours").endswith("20261124:0930-20261124:1600;20261125:0930-20261125:1600")
        waits = client.place(orderType="LMT", lmtPrice=Decimal("101.00"))
        assert await heard(client) == ["1 error 399", "1 PreSubmitted"]
        client.place(orderType="LMT", lmtPrice=Decimal("101.00"), outsideRth=True)
        assert (await heard(client))[-1] == "2 Filled"
        stage.move(99_0000, 500)
        assert await heard(client) == []
        stage.wait(5400)
        assert await heard(client) == [f"{waits} Submitted", "1 exec 100 99.01", "1 Filled"]
        client.place(orderType="LMT", lmtPrice=Decimal("98.00"))
        await heard(client)
        stage.wait(moment("20261120 16:30:00", TEN, NEW_YORK) - stage.clock.now)
        stage.move(97_0000, 500)
        assert await heard(client) == []
        await client.close()


async def test_what_waits_goes_on_after_a_restart(tmp_path: Path) -> None:
    options = replace(OPTIONS, state=tmp_path)
    async with Stage.raised(options, TEN) as first:
        client = await RawClient.connect(first.gateway.port)
        client.place(goodAfterTime="20261120-15:05:00", tif="GTC")
        client.place_terms({**LIMIT, "conditions": [price("100.50")], "tif": "GTC"})
        client.place(action="SELL", orderType="TRAIL", auxPrice=Decimal(1), tif="GTC")
        await heard(client)
        first.move(100_1000, 100)
        stop = first.gateway.ledger.live_orders()[-1].stop_at
        await client.close()
    async with Stage.raised(options, TEN + 10) as second:
        assert second.gateway.ledger.live_orders()[-1].stop_at == stop == 99_1100
        client = await RawClient.connect(second.gateway.port)
        second.wait(300)
        assert await heard(client) == ["1 Submitted", "1 exec 100 100.01", "1 Filled"]
        second.move(100_5000, 100)
        assert await heard(client) == ["2 Submitted"]
        await client.close()
