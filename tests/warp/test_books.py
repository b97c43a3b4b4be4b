"""Books that are not equal are found, whichever field it is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from core.domain.events import Snapshot
from core.domain.orders import OrderState, OrderType, Pending, Side, TimeInForce
from tests.warp.books import differences
from tests.warp.harness import trading_floor
from tests.warp.loop import warping
from tests.warp.test_two_screens import an_order

ODD = Decimal("1.01")
ORDER = {
    "order_ref": "another",
    "order_id": 99,
    "client_id": 99,
    "account": "DU9999999",
    "con_id": 99,
    "side": Side.SELL,
    "type_text": "LMT",
    "tif": TimeInForce.GTC,
    "outside_rth": True,
    "limit_price": ODD,
    "stop_price": ODD,
    "state": OrderState.CANCELLED,
    "pending": Pending.CANCEL,
    "quantity": ODD,
    "filled": ODD,
    "average_price": ODD,
    "perm_id": 99,
}
EXECUTION = {
    "exec_id": "another",
    "order_ref": "another",
    "perm_id": 99,
    "order_id": 99,
    "client_id": 99,
    "account": "DU9999999",
    "con_id": 99,
    "side": Side.SELL,
    "quantity": ODD,
    "price": ODD,
    "exchange": "ELSEWHERE",
    "commission": ODD,
    "commission_currency": "EUR",
    "realized_pnl": ODD,
}


@warping
async def test_a_difference_in_any_field_is_found() -> None:
    async with trading_floor() as floor:
        screen = await floor.attach()
        command = an_order(screen)
        assert (await screen.send(command)).ok
        await screen.until(lambda replica: replica.held(command.request.con_id) == 100)
        await floor.settle()
        snapshot, ledger = floor.snapshot, floor.gateway.ledger
        assert command.request.order_type is OrderType.MKT
        assert differences(ledger, snapshot) == []

        (order,) = snapshot.orders
        for name, value in ORDER.items():
            assert differences(ledger, replace(snapshot, orders=(replace(order, **{name: value}),))), name
        first, *rest = snapshot.executions
        for name, value in {**EXECUTION, "time": first.time + timedelta(seconds=1)}.items():
            assert differences(ledger, replace(snapshot, executions=(replace(first, **{name: value}), *rest))), name
        for other in others(snapshot):
            assert differences(ledger, other)


def others(snapshot: Snapshot) -> list[Snapshot]:
    """The same with something missing, twice there or worth something else."""
    assert snapshot.positions is not None
    (position,), (account,) = snapshot.positions, snapshot.accounts
    return [
        replace(snapshot, orders=()),
        replace(snapshot, executions=()),
        replace(snapshot, orders=(*snapshot.orders, replace(snapshot.orders[0], perm_id=99))),
        replace(snapshot, positions=()),
        replace(snapshot, positions=(replace(position, quantity=ODD),)),
        replace(snapshot, positions=(replace(position, average_price=ODD),)),
        replace(snapshot, accounts=(replace(account, cash=ODD),)),
        replace(snapshot, accounts=(replace(account, realized_pnl=ODD),)),
    ]
