"""How fast frames leave, and in which order, as the other end of the wire sees it."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.broker.pacer import Lane, Outgoing, Pacer
from core.errors import NotConnectedError
from tests.broker.scripted import AAPL, PATIENCE, Desk, approved, connected, request
from tests.warp.loop import warp_loop, warping

RATE = 20
RESERVED = 5


def ask_for_quotes(desk: Desk, count: int) -> None:
    """Queue `count` requests: for a kind of market data, then for quotes."""
    for con_id in range(1, count):
        desk.broker.subscribe_quotes(replace(AAPL, con_id=con_id))


def busiest_second(times: list[float]) -> int:
    """The most messages that arrived within any one second."""
    return max(sum(1 for other in times if start <= other < start + 1) for start in times)


async def test_no_second_holds_more_than_the_rate() -> None:
    async with connected(messages_per_second=RATE) as desk:
        ask_for_quotes(desk, 40)
        await desk.peer.wait_for(lambda: len(desk.peer.times) == 40)

        assert busiest_second(desk.peer.times) <= RATE - RESERVED


async def test_frames_leave_at_once_while_there_is_room() -> None:
    async with connected(messages_per_second=RATE) as desk:
        sent = desk.broker.place(approved(request()), desk.broker.take_order_id(), modify=False)

        # Not one turn of the loop has passed.
        assert isinstance(sent, asyncio.Future)
        assert sent.done()
        await sent


async def test_cancel_overtakes_a_queue_of_requests() -> None:
    async with connected(messages_per_second=RATE) as desk:
        order_id = desk.broker.take_order_id()
        await desk.broker.place(approved(request()), order_id, modify=False)
        ask_for_quotes(desk, 60)
        await desk.broker.cancel(order_id)
        await desk.peer.message(4)

        before = [fields[0] for fields in desk.peer.seen].index("4")
        assert desk.peer.seen[before] == ["4", "1", str(order_id), ""]
        assert before <= RATE - RESERVED + 1


async def test_lanes_leave_in_their_order_and_first_come_first_served_within() -> None:
    out: list[bytes] = []
    all_out = asyncio.Event()

    def write(frame: Outgoing) -> None:
        out.append(frame.data)
        if len(out) == 2 * len(Lane):
            all_out.set()

    pacer = Pacer(10)
    pacer.start(write)
    for _ in range(5):
        pacer.submit(Lane.QUERY, Outgoing(b"fill the window"))
    out.clear()
    for lane in reversed(Lane):
        for number in range(2):
            pacer.submit(lane, Outgoing(f"{lane.name} {number}".encode()))

    assert out == [b"CANCEL 0", b"CANCEL 1", b"KILL 0", b"KILL 1"]
    async with asyncio.timeout(PATIENCE):
        await all_out.wait()
    assert out[4:] == [f"{lane.name} {number}".encode() for lane in list(Lane)[2:] for number in range(2)]
    pacer.stop("done")


async def test_the_word_to_cancel_everything_waits_behind_no_burst_of_cancels() -> None:
    out: list[bytes] = []
    pacer = Pacer(10)
    pacer.start(lambda frame: out.append(frame.data))
    for number in range(20):
        pacer.submit(Lane.CANCEL, Outgoing(f"cancel {number}".encode()))
    for _ in range(3):
        pacer.submit(Lane.KILL, Outgoing(b"everything"))
    assert out == [*(f"cancel {number}".encode() for number in range(10)), b"everything", b"everything"]
    pacer.stop("done")


async def test_what_left_before_a_reconnect_still_counts() -> None:
    out: list[bytes] = []
    pacer = Pacer(10)
    pacer.start(lambda frame: out.append(frame.data))
    for _ in range(5):
        pacer.submit(Lane.QUERY, Outgoing(b"a"))
    pacer.stop("closed")
    pacer.start(lambda frame: out.append(frame.data))
    pacer.submit(Lane.QUERY, Outgoing(b"b"))

    assert out == [b"a"] * 5
    assert pacer.waiting == 1
    pacer.stop("done")


async def test_a_high_rate_is_no_limit() -> None:
    async with connected(messages_per_second=1_000_000) as desk:
        ask_for_quotes(desk, 500)
        async with asyncio.timeout(0.9):
            await desk.peer.wait_for(lambda: len(desk.peer.times) == 500)


async def test_cancel_withdraws_an_order_that_has_not_left() -> None:
    async with connected(messages_per_second=RATE) as desk:
        ask_for_quotes(desk, RATE)
        order_id = desk.broker.take_order_id()
        placing = desk.broker.place(approved(request()), order_id, modify=False)
        await desk.broker.cancel(order_id)
        with pytest.raises(NotConnectedError, match="Withdrawn"):
            await placing
        await desk.peer.wait_for(lambda: len(desk.peer.times) == RATE)

        assert {fields[0] for fields in desk.peer.seen} == {"71", "59", "1"}


async def test_cancel_withdraws_a_waiting_change_and_still_cancels_the_order() -> None:
    async with connected(messages_per_second=RATE) as desk:
        order_id = desk.broker.take_order_id()
        await desk.broker.place(approved(request()), order_id, modify=False)
        ask_for_quotes(desk, RATE)
        changing = desk.broker.place(approved(request(limit_price=Decimal(230))), order_id, modify=True)
        await desk.broker.cancel(order_id)
        with pytest.raises(NotConnectedError, match="Withdrawn"):
            await changing
        await desk.peer.message(4)

        assert [fields[0] for fields in desk.peer.seen].count("3") == 1


async def test_orders_in_the_queue_at_a_disconnect_were_surely_not_sent() -> None:
    async with connected(messages_per_second=RATE) as desk:
        ask_for_quotes(desk, RATE)
        placing = [
            desk.broker.place(approved(request(f"ibd-AAAAAA-{number}")), desk.broker.take_order_id(), modify=False)
            for number in range(3)
        ]
        desk.peer.hang_up()
        results = await asyncio.gather(*placing, return_exceptions=True)

        assert [type(result) for result in results] == [NotConnectedError] * 3
        assert "3" not in {fields[0] for fields in desk.peer.seen}


@warping
async def test_the_window_opens_at_the_moment_for_which_the_pacer_is_woken() -> None:
    """A loop whose time only moves from timer to timer shows a wake-up that comes to nothing, and so repeats."""
    loop = warp_loop()
    left: list[float] = []
    pacer = Pacer(RATE)
    pacer.start(lambda _: left.append(loop.time()))
    for number in range(200):
        await asyncio.sleep(0.0137 * (number % 7))
        pacer.submit(Lane.QUERY, Outgoing(b""))
    await asyncio.sleep(60)

    assert len(left) == 200
    assert busiest_second(left) <= RATE - RESERVED


@given(
    before=st.lists(st.tuples(st.floats(0, 0.9), st.sampled_from(list(Lane))), max_size=60),
    rate=st.integers(2, 30),
)
def test_the_wait_of_an_order_is_foretold_to_the_moment(before: list[tuple[float, Lane]], rate: int) -> None:
    @warping
    async def foretold() -> None:
        loop, left = warp_loop(), list[tuple[bytes, float]]()
        pacer = Pacer(rate)
        pacer.start(lambda frame: left.append((frame.data, loop.time())))
        for pause, lane in before:
            await asyncio.sleep(pause)
            pacer.submit(lane, Outgoing(b"before"))
        due = loop.time() + pacer.wait_of(Lane.ORDER)
        pacer.submit(Lane.ORDER, Outgoing(b"order"))
        await asyncio.sleep(120)
        (at,) = [at for data, at in left if data == b"order"]
        assert at == pytest.approx(due, abs=0.001)

    foretold()


@warping
async def test_a_transport_that_takes_nothing_makes_an_order_wait_for_at_least_as_long() -> None:
    pacer = Pacer(RATE)
    pacer.start(lambda _: None)
    assert pacer.wait_of(Lane.ORDER) == 0
    pacer.hold()
    await asyncio.sleep(3)
    assert pacer.wait_of(Lane.ORDER) == pytest.approx(3)
    pacer.release()
    assert pacer.wait_of(Lane.ORDER) == 0


async def test_one_order_that_waited_too_long_is_taken_back_and_no_other() -> None:
    async with connected(messages_per_second=RATE) as desk:
        ask_for_quotes(desk, RATE)
        first, second = desk.broker.take_order_id(), desk.broker.take_order_id()
        placing = desk.broker.place(approved(request()), first, modify=False)
        other = desk.broker.place(approved(request("ibd-AAAAAA-2")), second, modify=False)
        assert desk.broker.order_wait > 0

        assert desk.broker.withdraw_order(first)
        assert not desk.broker.withdraw_order(first), "nothing of it waits any more"
        with pytest.raises(NotConnectedError, match="it waited too long for its turn"):
            await placing
        await other
        assert not desk.broker.withdraw_order(second), "it has left"
