"""A practice gateway with a past and a market of any size, where the practice profile's core finds it.

Run as a process: one argument, JSON of `instruments`, `lines`, `orders` that rest and `fills` of each. It says
``{"port": ..., "con_ids": [...]}`` once it listens. A line on its standard input stops the market: no quote moves then.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from core.link.paths import state_dir
from core.practice.options import DEFAULT_LINES, GatewayOptions
from core.practice.server import PracticeGateway
from core.practice.tables import Record
from tests.architecture.sources import ROOT
from tests.desk_home import DeskHome
from tests.practice.raw_client import RawClient

_OTHER_CLIENT = 99
_QUANTITY = 100
_FAR = 0.9
_PATIENCE = 60.0


async def main() -> None:
    """Serve until standard input ends."""
    wanted: dict[str, int] = json.loads(sys.argv[1])
    options = GatewayOptions(
        instruments=wanted["instruments"],
        lines=wanted["lines"],
        cash=Decimal(1_000_000_000),
        state=state_dir("practice") / "practice",
    )
    async with PracticeGateway(options) as gateway:
        await _trade(gateway, wanted["orders"], wanted["fills"])
        stocks = [one.con_id for one in gateway.hub.catalogue.instruments if one.sec_type in {"STK", "FUT", "CASH"}]
        print(json.dumps({"port": gateway.port, "con_ids": stocks}), flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            _stop_market(gateway)


async def _trade(gateway: PracticeGateway, orders: int, fills: int) -> None:
    """Orders of another client that rest far below the market, each filled in part so often."""
    if not orders:
        return
    client = await RawClient.connect(gateway.port, _OTHER_CLIENT)
    stocks = [one for one in gateway.hub.catalogue.instruments if one.sec_type == "STK"]
    for number in range(orders):
        stock = stocks[number % len(stocks)]
        far = stock.price(stock.floor(gateway.market.quotes[stock.con_id].bid * _FAR))
        contract = Record(conId=stock.con_id, symbol=stock.symbol, secType="STK", exchange="SMART", currency="USD")
        client.place(contract, orderType="LMT", lmtPrice=far, totalQuantity=Decimal(_QUANTITY))
    ledger = gateway.ledger
    await gateway.wait_for(lambda: len(ledger.live_orders()) == orders, _PATIENCE)
    await client.close()
    for order in ledger.live_orders():
        for _ in range(fills):
            ledger.fill(order, order.limit or 1, 1, waited=True, now=gateway.hub.now())
    gateway.hub.end_turn()


def _stop_market(gateway: PracticeGateway) -> None:
    clock = gateway.hub._clock
    if clock is not None:
        clock.cancel()


class Prepared:
    """Such a gateway, seen from the benchmark."""

    def __init__(self, process: subprocess.Popen[str], port: int, con_ids: list[int]) -> None:
        self._process = process
        self.port = port
        self.con_ids = con_ids
        """What may be watched."""

    def stop_market(self) -> None:
        """No quote moves from now on; requests are answered as ever."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()


@asynccontextmanager
async def prepared_gateway(
    home: DeskHome, *, instruments: int = 0, lines: int = DEFAULT_LINES, orders: int = 0, fills: int = 0
) -> AsyncIterator[Prepared]:
    """Run one for the practice profile of `home` until the end of the block.

    `lines` has to be what that profile says: core starts a gateway with others anew.
    """
    wanted = json.dumps({"instruments": instruments, "lines": lines, "orders": orders, "fills": fills})
    command = [sys.executable, "-m", "tests.bench.prepared_gateway", wanted]
    with subprocess.Popen(
        command, cwd=ROOT, env=home.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        # Core ends it with itself, and waits for that: a child that nobody waits for never goes.
        gone = asyncio.create_task(asyncio.to_thread(process.wait))
        try:
            assert process.stdout is not None
            line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), _PATIENCE)
            said = json.loads(line)
            yield Prepared(process, said["port"], said["con_ids"])
        finally:
            process.kill()
            await gone


if __name__ == "__main__":
    asyncio.run(main())
