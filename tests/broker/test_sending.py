"""Orders on the wire: what exactly is said, when it counts as sent, and when nobody can know."""

from __future__ import annotations

import asyncio
import socket
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from core.errors import DeskError, NotConnectedError, SendUnknownError
from core.ports import Approved
from core.practice.tables import Record
from core.practice.tables_order import PLACE_ORDER
from tests.broker.scripted import AAPL, Desk, Peer, approved, connected, request

UNTHROTTLED = 1_000_000


async def placed(desk: Desk) -> Record:
    """The order as a strict reader of the wire understands it."""
    return PLACE_ORDER.decode(await desk.peer.message(3))


async def test_every_field_that_must_not_be_left_to_a_preset() -> None:
    async with connected() as desk:
        order_id = desk.broker.take_order_id()
        await desk.broker.place(approved(request("ibd-AAAAAA-01")), order_id, modify=False)
        order = await placed(desk)

        expected = {
            "orderId": order_id,
            "conId": AAPL.con_id,
            "exchange": "SMART",
            "action": "BUY",
            "totalQuantity": Decimal(100),
            "orderType": "LMT",
            "lmtPrice": Decimal("233.33"),
            "auxPrice": None,
            "tif": "DAY",
            "account": "DU1234567",
            "orderRef": "ibd-AAAAAA-01",
            "transmit": True,
            "whatIf": False,
            "outsideRth": False,
        }
        assert {name: order[name] for name in expected} == expected


async def test_market_order_has_no_price() -> None:
    async with connected() as desk:
        wanted = replace(request(limit_price=None, side=Side.SELL), tif=TimeInForce.IOC, outside_rth=True)
        await desk.broker.place(approved(wanted), desk.broker.take_order_id(), modify=False)
        order = await placed(desk)

        assert (order["action"], order["orderType"], order["lmtPrice"]) == ("SELL", "MKT", None)
        assert (order["tif"], order["outsideRth"]) == ("IOC", True)


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (Decimal("0.1") + Decimal("0.2"), "0.3"),
        (Decimal("233.30"), "233.30"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+3"), "1000"),
        (Decimal("12345678901234567.89"), "12345678901234567.89"),
    ],
)
async def test_prices_go_out_exactly(price: Decimal, text: str) -> None:
    async with connected() as desk:
        await desk.broker.place(approved(request(limit_price=price)), desk.broker.take_order_id(), modify=False)

        assert (await desk.peer.message(3))[19] == text


async def test_quantity_goes_out_exactly() -> None:
    async with connected() as desk:
        await desk.broker.place(approved(request(quantity="1E+3")), desk.broker.take_order_id(), modify=False)

        assert (await desk.peer.message(3))[17] == "1000"


@pytest.mark.parametrize(
    "wrong",
    [
        request(order_ref="ibd\x00BUY"),
        request(account="DU1\n"),
        request(limit_price=Decimal("NaN")),
        request(quantity="Infinity"),
        replace(request(), order_type=OrderType.OTHER),
        replace(request(), tif=TimeInForce.OTHER),
        replace(request(), limit_price=None),
        replace(request(), order_type=OrderType.MKT),
    ],
)
async def test_what_no_control_should_have_passed_is_not_sent(wrong: OrderRequest) -> None:
    async with connected() as desk:
        with pytest.raises(NotConnectedError, match="Nothing was sent"):
            await desk.broker.place(approved(wrong), desk.broker.take_order_id(), modify=False)
        await desk.broker.cancel(99)
        await desk.peer.message(4)

        assert "3" not in {fields[0] for fields in desk.peer.seen}


async def test_hostile_contract_is_not_sent() -> None:
    async with connected() as desk:
        hostile = replace(AAPL, symbol="AA\x00PL")
        with pytest.raises(NotConnectedError, match="Nothing was sent"):
            await desk.broker.place(Approved(request(), hostile), 5, modify=False)
        with pytest.raises(DeskError, match="Nothing was sent"):
            desk.broker.subscribe_quotes(hostile)

        assert desk.broker.lines == 0


async def test_change_names_the_same_id_and_all_terms() -> None:
    async with connected() as desk:
        order_id = desk.broker.take_order_id()
        await desk.broker.place(approved(request()), order_id, modify=False)
        changed = request(quantity="50", limit_price=Decimal("230.01"))
        await desk.broker.place(approved(changed), order_id, modify=True)
        await desk.peer.wait_for(lambda: len([fields for fields in desk.peer.seen if fields[0] == "3"]) == 2)
        first, second = (PLACE_ORDER.decode(fields) for fields in desk.peer.seen if fields[0] == "3")

        assert {name for name in first if first[name] != second[name]} == {"totalQuantity", "lmtPrice"}
        assert (second["totalQuantity"], second["lmtPrice"]) == (Decimal(50), Decimal("230.01"))


async def test_orders_leave_in_the_order_of_the_calls() -> None:
    async with connected() as desk:
        ids = [desk.broker.take_order_id() for _ in range(10)]
        await asyncio.gather(*(desk.broker.place(approved(request()), order_id, modify=False) for order_id in ids))
        await desk.peer.wait_for(lambda: len(desk.peer.times) == 10)

        assert [fields[1] for fields in desk.peer.seen if fields[0] == "3"] == [str(order_id) for order_id in ids]


async def deaf(peer: Peer) -> None:
    """Shake hands, then read nothing more."""
    await peer.greet()
    peer.transport.pause_reading()
    peer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.Event().wait()


async def stuff(desk: Desk) -> asyncio.Future[None]:
    """Place orders until the kernel takes no more; the future of the first order that it did not take whole."""
    session = desk.broker._session
    assert session is not None
    assert session.connection._transport is not None
    sock = session.connection._transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    for _ in range(100_000):
        sent = desk.broker.place(approved(request()), desk.broker.take_order_id(), modify=False)
        assert isinstance(sent, asyncio.Future)
        # Windows open with a delay: only an order that is still here after a while is really stuck.
        if not sent.done() and not (await asyncio.wait([sent], timeout=0.05))[0]:
            return sent
    pytest.fail("the kernel takes everything")


async def test_order_is_not_sent_before_the_kernel_has_all_of_it() -> None:
    async with connected(deaf, messages_per_second=UNTHROTTLED) as desk:
        sent = await stuff(desk)
        behind = desk.broker.place(approved(request()), desk.broker.take_order_id(), modify=False)
        desk.peer.transport.resume_reading()
        reading = asyncio.create_task(desk.peer.listen())
        await sent
        await behind
        reading.cancel()


async def test_order_cut_off_on_its_way_is_in_doubt_and_those_behind_are_not() -> None:
    async with connected(deaf, messages_per_second=UNTHROTTLED) as desk:
        sent = await stuff(desk)
        behind = desk.broker.place(approved(request()), desk.broker.take_order_id(), modify=False)
        desk.peer.transport.abort()

        with pytest.raises(SendUnknownError):
            await sent
        with pytest.raises(NotConnectedError):
            await behind


async def test_cancel_goes_ahead_of_orders_that_the_kernel_does_not_take() -> None:
    async with connected(deaf, messages_per_second=UNTHROTTLED) as desk:
        order_id = desk.broker.take_order_id()
        await desk.broker.place(approved(request()), order_id, modify=False)
        sent = await stuff(desk)
        behind = desk.broker.place(approved(request("ibd-AAAAAA-99")), desk.broker.take_order_id(), modify=False)
        cancelling = desk.broker.cancel(order_id)
        desk.peer.transport.resume_reading()
        reading = asyncio.create_task(desk.peer.listen())
        await asyncio.gather(sent, behind, cancelling)
        await desk.peer.wait_for(lambda: any("ibd-AAAAAA-99" in fields for fields in desk.peer.seen))
        reading.cancel()

        assert [fields[0] for fields in desk.peer.seen[-2:]] == ["4", "3"]


async def test_close_with_an_order_that_the_kernel_does_not_take() -> None:
    async with connected(deaf, messages_per_second=UNTHROTTLED) as desk:
        sent = await stuff(desk)
        await desk.broker.close()

        with pytest.raises(SendUnknownError):
            await sent
        assert desk.ear.ends == [""]


async def test_nothing_goes_out_after_the_end() -> None:
    async with connected() as desk:
        await desk.broker.close()

        with pytest.raises(NotConnectedError):
            await desk.broker.place(approved(request()), 5, modify=False)
        with pytest.raises(NotConnectedError):
            await desk.broker.cancel(5)
        with pytest.raises(NotConnectedError):
            desk.broker.subscribe_quotes(AAPL)
        desk.broker.unsubscribe_quotes(AAPL.con_id)
