"""A practice gateway that holds orders of core's own, where the practice profile's core finds it.

Run as a process: one argument, JSON of `orders` and `client_id`. Order number N has the reference that
`tests.journal.values.request(N)` has. It says ``{"account": ..., "limit": ..., "perm_ids": [...]}`` once all of them
rest, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import NamedTuple

from core.link.paths import state_dir
from core.practice.options import GatewayOptions
from core.practice.server import PracticeGateway
from tests.architecture.sources import ROOT
from tests.desk_home import DeskHome
from tests.journal.values import request
from tests.practice.raw_client import AAPL, RawClient

_FAR = 0.5
_PATIENCE = 60.0


async def main() -> None:
    """Serve until standard input ends."""
    wanted: dict[str, int] = json.loads(sys.argv[1])
    options = GatewayOptions(cash=Decimal(1_000_000_000), state=state_dir("practice") / "practice")
    async with PracticeGateway(options) as gateway:
        stock = next(one for one in gateway.hub.catalogue.instruments if one.con_id == AAPL.integer("conId"))
        limit = stock.price(stock.floor(gateway.market.quotes[stock.con_id].bid * _FAR))
        client = await RawClient.connect(gateway.port, wanted["client_id"])
        for number in range(1, wanted["orders"] + 1):
            ref = request(number).order_ref
            client.place(AAPL, orderType="LMT", lmtPrice=limit, totalQuantity=Decimal(100), tif="GTC", orderRef=ref)
        await gateway.wait_for(lambda: len(gateway.ledger.live_orders()) == wanted["orders"], _PATIENCE)
        account = client.accounts.split(",")[0]
        await client.close()
        perm_ids = {order.sent.text("orderRef"): order.perm_id for order in gateway.ledger.live_orders()}
        listed = [perm_ids[request(number).order_ref] for number in range(1, wanted["orders"] + 1)]
        print(json.dumps({"account": account, "limit": str(limit), "perm_ids": listed}), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


class Resting(NamedTuple):
    """Orders that rest for 100 AAPL, numbered from 1."""

    account: str
    client_id: int
    limit: Decimal
    perm_ids: list[int]
    """Of each, in the order of their numbers."""


@asynccontextmanager
async def holding_gateway(home: DeskHome, orders: int, client_id: int) -> AsyncIterator[Resting]:
    """Run one for the practice profile of `home` until the end of the block."""
    wanted = json.dumps({"orders": orders, "client_id": client_id})
    command = [sys.executable, "-m", "tests.bench.holding_gateway", wanted]
    with subprocess.Popen(
        command, cwd=ROOT, env=home.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = json.loads(await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), _PATIENCE))
            yield Resting(said["account"], client_id, Decimal(said["limit"]), said["perm_ids"])
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(main())
