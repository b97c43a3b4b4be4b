"""A read-only profile on the wire: everything is read, and nothing about orders leaves, whoever writes it."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator

import pytest
from ib_async.client import Client
from ib_async.contract import Contract
from ib_async.order import Order

from core.broker.connection import frame as bare
from core.broker.pacer import Outgoing
from core.broker.reading import NOT_SENT, READING, refused
from core.domain.reports import RefusedFrameReport
from core.errors import NotConnectedError
from core.ports import Preview
from tests.architecture.sources import nodes
from tests.broker.scripted import AAPL, Desk, approved, connected, frame, request

ABOUT_ORDERS = {"placeOrder", "cancelOrder", "reqGlobalCancel"}
ORDER_FRAMES = {"3", "4", "58"}


def asked_by_core() -> Iterator[str]:
    """The methods of ib_async's client that core's broker names."""
    methods = {name for name, _ in inspect.getmembers(Client, inspect.isfunction)}
    for _, node in nodes("core/broker"):
        if isinstance(node, ast.Attribute) and node.attr in methods:
            yield node.attr


def id_of(method: str) -> str:
    """The id of the message that a method of ib_async's client writes; empty if it writes none."""
    found = re.search(r"(?:self\.send\(|fields = \[)\s*(\d+)", inspect.getsource(getattr(Client, method)))
    return found.group(1) if found else ""


def test_the_list_is_what_core_asks_for_but_orders() -> None:
    written = {(id_of(name), name) for name in asked_by_core() if id_of(name)}

    assert {name for _, name in written} >= ABOUT_ORDERS
    assert {(number.decode(), name) for number, name in READING.items()} == {
        (number, name) for number, name in written if name not in ABOUT_ORDERS
    }


@pytest.mark.parametrize("number", [1, 49, 71, 99])
def test_what_reads_may_leave(number: int) -> None:
    assert refused(frame(number, 1)) == ""


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (frame(3, 7), "3"),
        (frame(4), "4"),
        (frame(58, 1), "58"),
        (frame(21), "21"),
        (frame(5), "5"),
        (frame(15), "15"),
        (frame(999), "999"),
        (frame("1 "), "unknown"),
        (frame("01"), "01"),
        (bare(b"1"), "1"),
        (bare(b""), "unknown"),
        (b"", "unknown"),
        (frame(""), "unknown"),
        (frame(49, 1) + frame(3, 7), "49"),
        (frame(49, 1)[:-1], "49"),
        (frame("\u0663"), "unknown"),
    ],
)
def test_anything_else_stays(data: bytes, named: str) -> None:
    assert refused(data) == named


async def gone_through(desk: Desk) -> list[list[str]]:
    """What the gateway has seen once a question that was asked last is there."""
    answer = asyncio.ensure_future(desk.broker.ping())
    await desk.peer.message(49)
    answer.cancel()
    await asyncio.gather(answer, return_exceptions=True)
    return desk.peer.seen


@pytest.mark.covers("D5.3")
async def test_the_adapter_has_nothing_that_could_place_or_cancel() -> None:
    async with connected(read_only=True) as desk:
        session = desk.broker._session
        assert session is not None
        assert session.orders is None
        for sending in (
            desk.broker.place(approved(request()), 5, modify=False),
            desk.broker.place(approved(request()), 5, modify=True),
            desk.broker.cancel(5),
            desk.broker.cancel_everything(),
            desk.broker.what_if(Preview(request(), AAPL)),
        ):
            with pytest.raises(NotConnectedError, match=NOT_SENT):
                await sending

        seen = await gone_through(desk)
        assert [fields[0] for fields in seen] == ["71", "49"]
        assert desk.ear.reports == []


@pytest.mark.covers("D5.3")
async def test_whoever_goes_past_the_adapter_is_stopped_at_the_socket_and_told_of() -> None:
    async with connected(read_only=True) as desk:
        session = desk.broker._session
        assert session is not None
        contract, order = Contract(conId=1), Order(orderType="MKT", totalQuantity=1)
        for name, arguments in (
            ("placeOrder", (5, contract, order)),
            ("placeOrder", (6, contract, Order(orderType="MKT", totalQuantity=1, whatIf=True))),
            ("cancelOrder", (5, "")),
            ("reqGlobalCancel", ()),
            ("exerciseOptions", (7, contract, 1, 1, "DU1234567", 0)),
            ("reqAutoOpenOrders", (True,)),
        ):
            getattr(session.client, name)(*arguments)
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        session.connection.write(Outgoing(frame(49, 1) + frame(3, 7), sent))
        with pytest.raises(NotConnectedError, match=NOT_SENT):
            await sent
        await desk.ear.wait_for(lambda: len(desk.ear.reports) == 7)

        seen = await gone_through(desk)
        assert [fields[0] for fields in seen] == ["71", "49"]
        assert desk.ear.reports == [
            RefusedFrameReport(message_id=number) for number in ("3", "3", "4", "58", "21", "15", "49")
        ]


async def test_the_same_frames_leave_a_profile_that_trades() -> None:
    """What the tests above look for can be seen."""
    async with connected() as desk:
        await desk.broker.place(approved(request()), 5, modify=False)
        await desk.broker.cancel_everything()

        seen = await gone_through(desk)
        assert ORDER_FRAMES & {fields[0] for fields in seen} == {"3", "58"}
