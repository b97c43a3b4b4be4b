"""A storm of random orders, changes and cancels of every kind; what must hold of orders holds after each turn."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from core.practice.orders import Order, Status
from core.practice.tables import Record, Value
from core.practice.tables_order import PLACE_ORDER
from tests.practice.raw_client import AAPL
from tests.practice.stage import AAPL_ID, Stage

TYPES = [
    "MKT",
    "LMT",
    "STP",
    "STP_LMT",
    "TRAIL",
    "TRAIL_LIMIT",
    "MIT",
    "LIT",
    "MTL",
    "REL",
    "MIDPRICE",
    "PEG_MKT",
    "PEG_MID",
    "PEG_BEST",
    "SNAP_MKT",
    "SNAP_MID",
    "SNAP_PRIM",
    "MOC",
    "LOC",
]
CLIENTS = (1, 2)


class Storm:
    """Sends random requests straight to the desk."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.random = random.Random(seed)
        self.desk = stage.gateway.hub.desk
        self.ids = dict.fromkeys(CLIENTS, 0)

    def price(self) -> Decimal:
        """Return a price near 100."""
        return Decimal(self.random.randint(9900, 10100)) / 100

    def terms(self) -> dict[str, Value]:
        """Return random terms; some make no sense."""
        draw = self.random
        terms: dict[str, Value] = {
            "action": draw.choice(("BUY", "SELL")),
            "totalQuantity": Decimal(draw.randint(1, 30) * 50),
            "orderType": draw.choice(TYPES).replace("_", " "),
            "lmtPrice": draw.choice((self.price(), None)),
            "auxPrice": draw.choice((self.price(), Decimal("0.05"), None)),
            "tif": draw.choice(("DAY", "DAY", "GTC", "IOC", "FOK", "OPG")),
            "transmit": draw.random() < 0.9,
        }
        extras: tuple[dict[str, Value], ...] = (
            {"ocaGroup": draw.choice("abc"), "ocaType": draw.randint(1, 3)},
            {"parentId": draw.randint(1, 40)},
            {"allOrNone": True},
            {"displaySize": 50},
            {"minQty": 40},
            {"discretionaryAmt": Decimal("0.03")},
            {"triggerMethod": draw.choice((1, 2, 3, 4, 7, 8))},
            {"trailingPercent": Decimal(1), "lmtPriceOffset": Decimal("0.10")},
            {"algoStrategy": "Adaptive", "orderType": "MKT"},
            {"algoStrategy": "PctVol", "algoParams": [Record(tag="pctVol", value="0.1")], "orderType": "MKT"},
            {"conditions": [Record(condType=1, conjunction="a", isMore=True, price=self.price(), conId=AAPL_ID)]},
            {"adjustedOrderType": "TRAIL", "triggerPrice": self.price(), "adjustedTrailingAmount": Decimal("0.20")},
            {"tif": "GTD", "goodTillDate": "20261120-15:10:00"},
            {"goodAfterTime": "20261120-15:02:00"},
        )
        for extra in draw.sample(extras, draw.choice((0, 0, 1, 2))):
            terms.update(extra)
        return terms

    def act(self) -> None:
        """Place, change or cancel an order, or let the market move."""
        draw, client_id = self.random.random(), self.random.choice(CLIENTS)
        if draw < 0.4:
            self.ids[client_id] += 1
            self.place(client_id, self.ids[client_id], self.terms())
        elif draw < 0.5:
            self.change(client_id)
        elif draw < 0.6:
            self.desk.cancel(client_id, self.random.randint(1, self.ids[client_id] + 1))
        elif draw < 0.61:
            self.desk.cancel_all()
        else:
            size = self.random.choice((0, 100, 1000))
            units = int(self.price() * 10_000)
            self.stage.move(units, size, buys=self.random.random() < 0.5, shown=self.random.choice((50, 300, 5000)))
            self.stage.clock.now += 1

    def place(self, client_id: int, order_id: int, terms: dict[str, Value]) -> None:
        """Send a placeOrder as it would come from the wire."""
        fields = PLACE_ORDER.fields({**AAPL, **terms, "orderId": order_id}).split("\0")[:-1]
        self.desk.place(client_id, fields, PLACE_ORDER.decode(fields))

    def change(self, client_id: int) -> None:
        """Change price or size of a live order."""
        mine = [order for order in self.stage.gateway.ledger.live_orders() if order.client_id == client_id]
        if mine:
            order = self.random.choice(mine)
            change = self.random.choice(
                ({"lmtPrice": self.price()}, {"totalQuantity": Decimal(self.random.randint(1, 30) * 50)})
            )
            self.place(client_id, order.order_id, {**order.sent, "transmit": True, **change})


def check(stage: Stage) -> None:
    """Check what must hold of all orders after every turn."""
    ledger, exchange = stage.gateway.ledger, stage.gateway.hub.desk.exchange
    fills: dict[int, int] = {}
    held = 0
    for fill in ledger.executions:
        fills[fill.perm_id] = fills.get(fill.perm_id, 0) + fill.shares
        held += fill.shares if fill.side == "BOT" else -fill.shares
    for order in ledger.orders.values():
        check_order(order, fills.get(order.perm_id, 0), works=exchange.works(order))
        parent = ledger.orders.get(order.parent_perm_id)
        if parent is not None:
            assert order.filled == 0 or parent.filled > 0
    positions = ledger.account.positions
    assert (positions[AAPL_ID].quantity if AAPL_ID in positions else 0) == held


def check_order(order: Order, filled: int, *, works: bool) -> None:
    """Check one order against its executions."""
    assert order.filled == filled
    assert 0 <= order.filled <= order.quantity
    assert (order.status is Status.FILLED) == (order.filled == order.quantity > 0) or not order.is_live
    if not order.is_live:
        assert not works
    elif order.status is Status.SUBMITTED:
        assert works
        assert order.remaining > 0
    if works and order.waits_for_stop:
        assert (order.status, "trigger" in order.why_held) == (Status.PRE_SUBMITTED, True)
    limit = order.terms.limit
    free = order.adjusted or order.terms.discretion
    if limit is not None and order.status is Status.FILLED and not free:
        assert order.last_units <= limit if order.is_buy else order.last_units >= limit


@pytest.mark.parametrize("seed", range(8))
async def test_a_storm_of_orders(stage: Stage, seed: int) -> None:
    storm = Storm(stage, seed)
    for _ in range(250):
        storm.act()
        check(stage)
    storm.desk.cancel_all()
    check(stage)

    assert stage.gateway.ledger.live_orders() == []
    assert len(stage.gateway.ledger.executions) > 10
    assert not stage.gateway.hub.desk.busy or not stage.gateway.hub.desk.exchange.busy
