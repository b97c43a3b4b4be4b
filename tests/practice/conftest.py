"""Gateways and clients for the tests of the practice gateway."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from decimal import Decimal

import pytest
from ib_async import IB

from core.practice.server import GatewayOptions, PracticeGateway
from tests.practice.raw_client import RawClient
from tests.practice.stage import TEN, Stage

OPTIONS = GatewayOptions(seed=7, cash=Decimal(1_000_000), keep_frames=1000)

Connect = Callable[..., Awaitable[RawClient]]
Login = Callable[..., Awaitable[IB]]


@pytest.fixture
async def gateway() -> AsyncIterator[PracticeGateway]:
    """A fresh gateway in the test's own loop, with a million and memory only."""
    async with PracticeGateway(OPTIONS) as running:
        yield running


@pytest.fixture
async def connect(gateway: PracticeGateway) -> AsyncIterator[Connect]:
    """Connects raw clients, which hang up at the end."""
    async with AsyncExitStack() as stack:

        async def opened(client_id: int = 1) -> RawClient:
            client = await RawClient.connect(gateway.port, client_id)
            stack.push_async_callback(client.close)
            return client

        yield opened


@pytest.fixture
async def login(gateway: PracticeGateway) -> AsyncIterator[Login]:
    """Connects unmodified ib_async clients with a full sync in which every timeout is an error."""
    # ib_async logs ordinary rejections as errors.
    logging.getLogger("ib_async").setLevel(logging.CRITICAL)
    clients: list[IB] = []

    async def logged_in(client_id: int = 1) -> IB:
        ib = IB()
        await ib.connectAsync("127.0.0.1", gateway.port, clientId=client_id, timeout=4, raiseSyncErrors=True)
        clients.append(ib)
        return ib

    yield logged_in
    for ib in clients:
        ib.disconnect()
    logging.getLogger("ib_async").setLevel(logging.NOTSET)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A gateway whose market stands at 100.00 x 100.01, at ten in New York, until the test moves it."""
    async with Stage.raised(OPTIONS, TEN) as raised:
        yield raised


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[RawClient]:
    """A client of the gateway whose market stands."""
    connected = await RawClient.connect(stage.gateway.port)
    yield connected
    await connected.close()
