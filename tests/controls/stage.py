"""What the bypass routes of the live guard are tried on: a gateway that plays an account, a wire that is watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

from core.domain.authority import Arm, ConfirmLive, GrantLive
from core.domain.commands import Ack, ClosePosition, Command, DenialCode, ModifyOrder, PlaceOrder, Resume, SettleOrder
from core.domain.commands import Verdict as Word
from core.domain.connection import LinkState
from core.domain.orders import OrderRequest, OrderState, OrderType, Side
from core.ids import mint_order_ref
from tests.core_process import PATIENCE, CoreProcess, CoreRefusedError, Watcher, running_core
from tests.desk_home import DeskHome
from tests.processes.gateway import running_gateway
from tests.processes.orders import order_in, write_profile
from tests.processes.proxy import RecordingProxy

LIVE, OTHER_LIVE, PAPER = "U7654321", "U9999999", "DU1234567"
PHRASE = "trade live 321"
AAPL = 265598
ORDER_FRAMES = {"3": "placeOrder", "4": "cancelOrder", "58": "reqGlobalCancel"}
STUCK = (LinkState.REFUSED, LinkState.AWAITING_CONFIRMATION)


class Stage:
    """One home, one gateway behind one watched wire, and whatever a route starts on them."""

    def __init__(self) -> None:
        self.home = DeskHome()
        self._stack = AsyncExitStack()
        self.proxy = RecordingProxy(0)
        self._core: CoreProcess | None = None

    async def __aenter__(self) -> Self:
        """Watch a port to which nothing is led yet."""
        self._stack.enter_context(self.home)
        await self._stack.enter_async_context(self.proxy)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything."""
        await self._stack.aclose()

    @property
    def port(self) -> int:
        """Where a gateway seems to listen: a free port, which says nothing about what is behind it."""
        return self.proxy.port

    @property
    def order_frames(self) -> list[str]:
        """The frames about orders that were seen on the wire, by name."""
        return [ORDER_FRAMES[frame[0]] for frame in self.proxy.frames if frame[0] in ORDER_FRAMES]

    async def play(self, account: str = LIVE, *options: str) -> None:
        """From now on a gateway that is logged in to an account is behind the port."""
        gateway = running_gateway(self.home, "--account", account, *options)
        self.proxy.lead_to(await self._stack.enter_async_context(gateway))

    def profile(self, name: str, text: str) -> None:
        """Write a profile's file."""
        write_profile(self.home, name, text)

    def live_profile(self, more: str = "") -> None:
        """Write the live profile that a person would write."""
        self.profile("live", f'account = "{LIVE}"\nport = {self.port}\n{more}')

    @asynccontextmanager
    async def core(self, client: str, **arguments: str) -> AsyncIterator[Watcher]:
        """A core and one client of it, which calls itself `client`."""
        async with running_core(self.home, arguments) as core, await core.attach(client) as watcher:
            self._core = core
            yield watcher

    @property
    def socket(self) -> Path:
        """Where the core that runs listens."""
        assert self._core is not None
        return self._core.socket

    async def attach(self, client: str) -> Watcher:
        """One more client of the core that runs."""
        assert self._core is not None
        return await self._core.attach(client)

    async def refused_start(self, **arguments: str) -> str:
        """What core says when it does not start. Raises AssertionError if it does."""
        core = CoreProcess(self.home, arguments)
        try:
            await core.start()
        except CoreRefusedError as refusal:
            return refusal.text
        await core.stop()
        raise AssertionError("core started")


def order(instance: str, account: str = LIVE, quantity: int = 1) -> PlaceOrder:
    """A market order, its reference minted for a journal's instance."""
    return PlaceOrder(
        request=OrderRequest(
            order_ref=mint_order_ref(instance),
            account=account,
            con_id=AAPL,
            side=Side.BUY,
            quantity=Decimal(quantity),
            order_type=OrderType.MKT,
        )
    )


def wishes(watcher: Watcher, account: str = LIVE) -> Sequence[Command]:
    """Everything by which a client might have something sent."""
    ref = mint_order_ref(watcher.snapshot.instance)
    return (
        order(watcher.client.instance, account),
        ModifyOrder(order_ref=ref, revision=0, limit_price=Decimal(1)),
        ClosePosition(order_ref=ref, account=account, con_id=AAPL, quantity=Decimal(1), fraction=Decimal(1)),
        SettleOrder(order_ref=ref, verdict=Word.NOT_PLACED),
    )


def claims(watcher: Watcher) -> Sequence[Command]:
    """Everything by which a client that is no desk might give itself leave."""
    name = watcher.client.name
    return (ConfirmLive(phrase=PHRASE), Arm(phrase=PHRASE), GrantLive(client=name, phrase=PHRASE), Resume())


async def tried(watcher: Watcher, commands: Sequence[Command]) -> str:
    """Send them all; the codes of the refusals. Raises AssertionError if one is done."""
    codes: dict[DenialCode, None] = {}
    for command in commands:
        ack = await watcher.send(command)
        codes[denied(ack)] = None
    return ", ".join(codes)


def denied(ack: Ack) -> DenialCode:
    """Why not. Raises AssertionError if it was done."""
    assert ack.denied is not None, ack
    return ack.denied.code


async def stuck(watcher: Watcher) -> str:
    """Wait until only a person can go on; the state of the connection."""
    snapshot = await watcher.until(lambda snapshot: snapshot.connection.state in STUCK)
    return snapshot.connection.state


async def typed(desk: Watcher) -> None:
    """A person types the phrase at a desk."""
    ack = await desk.send(ConfirmLive(phrase=PHRASE))
    assert ack.ok, ack.denied


async def confirmed(desk: Watcher) -> None:
    """The same; ends when orders can be sent."""
    await typed(desk)
    await desk.until(lambda snapshot: snapshot.connection.can_trade)
    desk.snapshot = await desk.client.snapshot()
    await desk.wait_for_instrument("AAPL")


async def placed(watcher: Watcher, quantity: int) -> None:
    """Send an order that core takes, as soon as it knows what it judges by; ends when it has filled."""
    async with asyncio.timeout(PATIENCE):
        while not (ack := await watcher.send(order(watcher.client.instance, quantity=quantity))).ok:
            assert denied(ack) is not DenialCode.LIVE_NOT_CONFIRMED, ack
            await watcher.wait_news()
    assert ack.order is not None
    await watcher.wait(order_in(ack.order.order_ref, OrderState.FILLED))
