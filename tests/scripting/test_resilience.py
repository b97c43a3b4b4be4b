"""Scripts while the gateway or core goes away under them: nothing lost, nothing doubled, nothing guessed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from core import Desk, OrderStatus, ticket
from core.domain.denials import Denial, DenialCode
from core.domain.order_status import order_status
from core.domain.orders import Order, OrderState
from core.domain.published import PublishedStatus
from core.errors import NotConnectedError, OrderRejectedError, OrderUnknownError, OrderValueError, RiskCheckError
from core.scripting.retries import Backoff
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome
from tests.processes.gateway import running_gateway
from tests.processes.orders import write_profile
from tests.scripting.examples.execution_library import Journalist

PATIENCE = 15.0


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskHome]:
    """A home in which nothing runs yet."""
    with DeskHome() as home:
        for name, value in home.env.items():
            monkeypatch.setenv(name, value)
        yield home


def ended(desk: Desk, order: Order) -> Callable[[], bool]:
    return lambda: not desk.order(order.order_ref).is_live


class Noted(Backoff):
    """Retries quickly, and notes what it was asked about."""

    def __init__(self, begun: asyncio.Event) -> None:
        super().__init__(max_retries=8, initial_delay=0.1, factor=1.5)
        self.asked: list[DenialCode] = []
        self._begun = begun

    def should_retry(self, denial: Denial) -> bool:
        self.asked.append(denial.code)
        self._begun.set()
        return True


class Broken:
    """A policy that fails."""

    def pause(self, denial: Denial, attempt: int) -> float | None:
        raise ZeroDivisionError


async def resting(desk: Desk, quantity: int) -> Order:
    """A buy of AAPL far below the market."""
    quote = desk.quote((await desk.instrument("AAPL")).con_id)
    assert quote is not None
    assert quote.bid is not None
    return await desk.submit(ticket("AAPL", "BUY", quantity, "LIMIT", limit_price=quote.bid - 10, time_in_force="GTC"))


@pytest.mark.covers("D2.3", "D1.2", "D1.8")
async def test_order_that_never_began_is_tried_again_where_the_script_asked_for_it(home: DeskHome) -> None:
    """The gateway is away: without a policy a ConnectionError; with one the order is placed once it is back, once."""
    heard = Journalist()
    async with running_gateway(home) as port:
        desk = Desk("paper", port=port, name="patient")
        desk.add_connection_handler(heard)
        await desk.connect()
        await desk.instrument("AAPL")
    try:
        assert await desk.until(lambda: not desk.is_connected(), PATIENCE)
        with pytest.raises(NotConnectedError):
            await desk.place(ticket("AAPL", "BUY", 7))
        outcomes = await desk.place_all([ticket("AAPL", "BUY", 7), ticket("AAPL", "BUY", 8)], retries=Broken())
        assert [type(one.error) for one in outcomes] == [NotConnectedError, NotConnectedError]

        begun = asyncio.Event()
        policy = Noted(begun)
        placing = asyncio.create_task(desk.place(ticket("AAPL", "BUY", 7), retries=policy))
        await asyncio.wait_for(begun.wait(), PATIENCE)
        async with running_gateway(home, "--port", str(port)):
            order = await asyncio.wait_for(placing, PATIENCE)
            assert (await desk.wait(order.order_ref)).filled == 7
            assert set(policy.asked) <= {DenialCode.NOT_CONNECTED, DenialCode.NOT_RECONCILED}
            assert desk.retried(order.order_ref) == len(policy.asked) >= 1
            assert [one.order_ref for one in desk.orders()] == [order.order_ref]

            asked = len(policy.asked)
            with pytest.raises(RiskCheckError, match="The same as"):
                await desk.place(ticket("AAPL", "BUY", 7), retries=policy)
            assert len(policy.asked) == asked
            assert heard.lines == ["connected", "disconnected", "connected"]
            await desk.disconnect()
    finally:
        await desk.disconnect()


@pytest.mark.covers("D1.6", "D0.16", "D1.8")
async def test_order_that_ibkr_does_not_answer_is_a_timeout_and_lives_on(home: DeskHome) -> None:
    async with (
        running_gateway(home, "--fault", "lost-order") as port,
        Desk("paper", port=port, name="hopeful") as desk,
    ):
        with pytest.raises(TimeoutError, match="It may be working, and counts as if it were") as caught:
            await desk.submit(ticket("AAPL", "BUY", 7), timeout=0.3)
        assert isinstance(caught.value, OrderUnknownError)
        (order,) = desk.orders()
        assert order.is_live
        with pytest.raises(OrderValueError, match=r"still works\. Cancel it first"):
            await desk.place_remainder(order.order_ref)
        with pytest.raises(RiskCheckError, match="The same as"):
            await desk.place(ticket("AAPL", "BUY", 7))


@pytest.mark.covers("D0.3", "D1.8")
async def test_script_hears_what_happened_while_core_was_gone(home: DeskHome) -> None:
    """SIGKILL of core, another script starts a new one and cancels: the first attaches again and misses nothing."""
    heard = Journalist()
    async with running_gateway(home) as port, Desk("paper", port=port, name="first") as first:
        first.add_order_handler(heard)
        first.add_connection_handler(heard)
        order = await resting(first, 3)
        before = await first.poll_reports()
        os.kill(core_pid(home), signal.SIGKILL)
        assert await first.until(lambda: not first.is_connected(), PATIENCE)
        with pytest.raises(NotConnectedError, match="Nothing was sent"):
            await first.place(ticket("AAPL", "BUY", 5))

        async with Desk("paper", port=port, name="second") as second:
            assert await second.cancel(order.order_ref)
            assert await first.until(first.is_connected, PATIENCE)
            assert await first.until(ended(first, order), PATIENCE)
            after = await first.poll_reports()
            recorded = await first.poll_reports(before[0].number - 1)

        assert after[-1].status is PublishedStatus.CANCELED
        for told in (before, after):
            assert [one.number for one in told] == sorted({one.number for one in told})
        assert {one.report_id for one in recorded} <= {one.report_id for one in (*before, *after)}
        assert "AAPL CANCELLED" in heard.lines
        assert "disconnected" in heard.lines


@pytest.mark.covers("D0.2", "D0.10", "D1.6", "D1.8")
async def test_order_under_which_core_dies_is_looked_up_and_not_sent_again(home: DeskHome) -> None:
    """Core dies between intent and frame: the script learns from the next core that the outcome is not known."""
    async with running_gateway(home) as port:
        arguments = {"port": str(port), "profile": "paper"}
        dying = await CoreProcess(home, arguments, ("-m", "tests.processes.core_that_dies")).start()
        async with Desk("paper", port=port, name="unlucky") as desk:
            order = await desk.place(ticket("AAPL", "BUY", 4))
            dying.kill()
            assert order.state is OrderState.UNKNOWN
            assert order_status(order) is OrderStatus.UNKNOWN
            assert (await desk.poll_reports(0))[-1].status is PublishedStatus.TIMEOUT
            with pytest.raises(OrderUnknownError, match="Don't send it again"):
                await desk.place_remainder(order.order_ref)
            with pytest.raises(OrderUnknownError):
                await desk.wait(order.order_ref, timeout=0.05)
            assert [one.order_ref for one in desk.orders()] == [order.order_ref]
            assert [one.order_ref for one in desk.open_orders()] == [order.order_ref]


@pytest.mark.covers("D1.2")
async def test_read_only_script_reads_and_orders_nothing(home: DeskHome) -> None:
    async with running_gateway(home) as port, Desk("paper", port=port, readonly=True, name="reader") as desk:
        assert await desk.until(lambda: desk.positions() is not None, PATIENCE)
        with pytest.raises(RiskCheckError) as caught:
            await desk.place(ticket("AAPL", "BUY", 1))
        assert caught.value.code == DenialCode.READ_ONLY
        assert desk.orders() == []


def core_pid(home: DeskHome) -> int:
    """The core that runs in this home."""
    found = [pid for pid in home.processes() if b"\0-m\0core\0" in _command_line(pid)]
    assert len(found) == 1
    return found[0]


def _command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.covers("D1.9")
async def test_an_order_for_another_account_of_the_login(home: DeskHome) -> None:
    async with (
        running_gateway(home, "--other", "DU7654321") as port,
        Desk("paper", port=port, name="accounts") as desk,
    ):
        order = await desk.submit(ticket("AAPL", "BUY", 6, account="DU7654321"))
        assert (await desk.wait(order.order_ref)).account == "DU7654321"
        assert await desk.until(lambda: any(one.quantity for one in desk.positions() or ()), PATIENCE)
        assert {(one.account, one.quantity) for one in desk.positions() or ()} == {("DU7654321", Decimal(6))}
        assert {one.account for one in desk.accounts()} == {"DU1234567", "DU7654321"}
        with pytest.raises(OrderValueError, match="account"):
            await desk.place(ticket("AAPL", "BUY", 6, account="DU9999999"))


@pytest.mark.covers("D4.2")
async def test_an_open_breaker_refuses_orders_and_lets_cancels_pass(home: DeskHome) -> None:
    """Two orders that IBKR refuses open it: an error of its own class says so, and a cancel goes through."""
    write_profile(home, "practice", "[limits]\nbreaker_failures = 2\nmargin_percent = 100000\norder_value = 9000000\n")
    async with Desk(name="unlucky") as desk:
        rests = await resting(desk, 2)
        for symbol in ("NVDA", "MSFT"):
            with pytest.raises(OrderRejectedError, match="margin"):
                await desk.submit(ticket(symbol, "BUY", 9000))
        with pytest.raises(RiskCheckError, match="IBKR refused or left unanswered 2 orders") as caught:
            await desk.place(ticket("AAPL", "BUY", 1))
        assert caught.value.code == DenialCode.REDUCING
        assert await desk.cancel(rests.order_ref)
