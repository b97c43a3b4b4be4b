"""Requests whose fields say anything: each is answered or refused, and the gateway stays up."""

from __future__ import annotations

import random

import pytest

from core.practice.codec import frame
from core.practice.server import PracticeGateway
from core.practice.tables import Field, Maybe, Message, Part, Repeat, When
from core.practice.tables_in import CURRENT_TIME, REQUESTS, START_API
from tests.practice.conftest import Connect

#: What stands in fields of each kind, the sensible beside the absurd.
WHOLE = ["", "0", "1", "-1", "2", "5", "100", "265598", "12087792", "1000000001", "2147483647", "9223372036854775807"]
NUMBERS = ["", "0", "1", "-1", "0.01", "233.33", "1e300", "-1e-300", "Infinity", "1.7976931348623157E308", "1E+9999"]
TEXTS = [
    *(
        "",
        "AAPL",
        "EUR",
        "ES",
        "STK",
        "OPT",
        "FUT",
        "CASH",
        "BAG",
        "SMART",
        "CME",
        "IDEALPRO",
        "USD",
        "C",
        "BUY",
        "LMT",
    ),
    *(
        "TRADES",
        "MIDPOINT",
        "BID_ASK",
        "SCHEDULE",
        "FEE_RATE",
        "Last",
        "BidAsk",
        "AllLast",
        "MidPoint",
        "ADJUSTED_LAST",
    ),
    *(
        "1 D",
        "5 mins",
        "1 secs",
        "1 M",
        "1W",
        "40 Y",
        "99999 years",
        "3 days",
        "233,292:PRN",
        "mdoff",
        "PRN",
        "PRN+PRM",
    ),
    *(
        "20261119 15:00:00 UTC",
        "00010101 00:00:00 UTC",
        "99991231-23:59:59",
        "20260231",
        "25:61:61",
        "2026-13-45",
        "9c0001",
    ),
    *(
        "STK.US.MAJOR",
        "TOP_PERC_GAIN",
        "priceAbove=1e999",
        "NetLiquidation",
        "$LEDGER:ALL",
        "All",
        "DU1234567",
        "\x1b[2J",
    ),
    *("[/red]", "9" * 400, "é\u202e", "None", "TRAIL", "GTC", "20261218", "PRN$265598-20777-0"),
]
#: What makes sense in a field; where nothing stands here, an empty one does.
SENSE = {
    "reqId": [str(number) for number in range(1, 60)],
    "orderId": ["77", "78", "79"],
    "conId": ["265598", "265598", "756733", "12087792"],
    "underConId": ["265598"],
    "action": ["BUY", "SELL"],
    "totalQuantity": ["1", "100"],
    "orderType": ["MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "REL", "MOC", "PEG MID"],
    "lmtPrice": ["", "100", "300"],
    "auxPrice": ["", "100", "300"],
    "tif": ["DAY", "GTC", "GTD", "IOC", "FOK", "OPG"],
    "transmit": ["1"],
    "genericTicks": ["", "233", "100,165,236", "mdoff,292:PRN"],
    "rows": ["5"],
    "smart": ["1"],
    "exchange": ["", "", "", "SMART"],
    "barSize": ["1 min", "5 mins", "1 day", "1W", "1M", "5", "5 secs"],
    "duration": ["1 D", "3 M", "600 S", "2 Y"],
    "whatToShow": ["TRADES", "MIDPOINT", "BID_ASK", "SCHEDULE", "FEE_RATE"],
    "end": ["", "20261119 15:00:00 UTC"],
    "start": ["", "", "", "20261119 15:00:00 UTC"],
    "count": ["1", "10"],
    "period": ["3 days", "2 weeks"],
    "tickType": ["Last", "AllLast", "BidAsk", "MidPoint"],
    "instrument": ["STK"],
    "location": ["STK.US.MAJOR"],
    "scanCode": ["TOP_PERC_GAIN", "MOST_ACTIVE"],
    "price": ["5"],
    "underPrice": ["233"],
    "volatility": ["0.3"],
    "tags": ["NetLiquidation", "$LEDGER:ALL"],
}
#: How often a field makes no sense, of orders and of the rest: an order has more than a hundred of them.
NONSENSE = {"placeOrder": 0.015}
ROUNDS = 40


def fields(parts: tuple[Part, ...], draw: random.Random, said: dict[str, str], nonsense: float) -> list[str]:
    """Return words for a table, most of which make sense."""
    words: list[str] = []
    for part in parts:
        if isinstance(part, Field):
            pool = {"i": WHOLE, "I": WHOLE, "b": ["", "0", "1"], "s": TEXTS}.get(part.kind, NUMBERS)
            word = draw.choice(pool if draw.random() < nonsense else _sense(part))
            said[part.name] = word
            words.append(word)
        elif isinstance(part, Maybe):
            words += fields(part.parts, draw, said, nonsense)
        elif isinstance(part, Repeat):
            rows = [fields(part.parts, draw, {}, nonsense) for _ in range(draw.choice((0, 0, 1, 2)))]
            said[part.name] = str(len(rows))
            words += [str(len(rows)), *(word for row in rows for word in row)]
        elif _holds(part, said):
            words += fields(part.parts, draw, said, nonsense)
    return words


def _sense(part: Field) -> list[str]:
    words = SENSE.get(part.name, [""])
    return words if part.kind == "s" or all(word.replace(".", "").isdecimal() or not word for word in words) else [""]


def _holds(part: When, said: dict[str, str]) -> bool:
    word = said.get(part.name, "")
    return word not in {"", "0"} if part.among is None else word in map(str, part.among)


def head(message: Message) -> list[str]:
    """Return the words that a message starts with."""
    return [str(message.id)] if message.version is None else [str(message.id), str(message.version)]


@pytest.mark.parametrize("message", REQUESTS.values(), ids=lambda message: f"{message.id}-{message.name}")
async def test_whatever_is_asked_the_gateway_answers_the_next_one(
    gateway: PracticeGateway, connect: Connect, message: Message
) -> None:
    if message is START_API:
        pytest.skip("it comes once, before all others")
    draw = random.Random(message.id)
    client = await connect()
    for _ in range(ROUNDS):
        words = [*head(message), *fields(message.parts, draw, {}, NONSENSE.get(message.name, 0.08))]
        client.write(frame("".join(f"{word}\0" for word in words)))
    client.ask(CURRENT_TIME)

    assert await client.wait_for("currentTime")
    assert gateway.failure is None
    gateway.hub.advance()
    gateway.hub.advance()
