"""What scripts for TWS keep needing: waiting for an event until something holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ib_async import IB, Contract, Stock, Trade

SECONDS = 8.0
APPLE = Stock("AAPL", "SMART", "USD")


async def until(happened: Callable[[], bool], event: Callable[[], Awaitable[object]]) -> None:
    """Wait until something holds, looked at after each of those events. Raises TimeoutError after SECONDS."""
    async with asyncio.timeout(SECONDS):
        while not happened():
            await event()


async def status(trade: Trade, *wanted: str) -> None:
    """Wait until a trade has one of the statuses."""
    await until(lambda: trade.orderStatus.status in wanted, lambda: trade.statusEvent)


async def commissions(ib: IB, trade: Trade) -> None:
    """Wait until every fill of a filled trade has its commission."""
    await status(trade, "Filled")
    await until(
        lambda: bool(trade.fills) and all(fill.commissionReport.execId for fill in trade.fills),
        lambda: ib.commissionReportEvent,
    )


async def qualified(ib: IB, contract: Contract) -> Contract:
    """Return a contract with all its fields."""
    [found] = await ib.qualifyContractsAsync(contract)
    assert isinstance(found, Contract)
    return found


async def refusal(ib: IB, ask: Callable[[], object]) -> tuple[int, str]:
    """Return code and text of the error that a request brings."""
    errors: list[tuple[int, str]] = []

    def heard(_: int, code: int, text: str, *__: object) -> None:
        errors.append((code, text))

    ib.errorEvent += heard
    ask()
    await until(lambda: bool(errors), lambda: ib.errorEvent)
    ib.errorEvent -= heard
    return errors[0]
