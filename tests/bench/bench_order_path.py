"""Place to Filled: through link, risk, journal, pacer and adapter, against bare ib_async plus one bare SQLite commit.

Both trade on the same practice gateway, a process of its own, neither throttled, one market order after the other in
turn. Ours begins when a client sends PlaceOrder and ends when that client has the event that the order is filled; the
baseline begins with an INSERT and COMMIT (synchronous=FULL) and ends with ib_async's filled event.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from statistics import median

from ib_async import IB, Contract, MarketOrder, Trade

from core.domain.events import Envelope, OrderChanged
from core.domain.orders import OrderState, Side
from tests.bench.result import BenchResult
from tests.core_process import CoreProcess, Watcher, market_order
from tests.desk_home import DeskHome
from tests.wide import WIDE_PROFILE

ORDERS, SHORT_ORDERS = 400, 20
WARM_UP = 20
SYMBOL = "SPY"
UNTHROTTLED = "messages_per_second = 1000000\n"


def run(short: bool) -> BenchResult:
    """Medians over interleaved orders."""
    return asyncio.run(_run(SHORT_ORDERS if short else ORDERS))


async def _run(orders: int) -> BenchResult:
    with DeskHome(records=True) as home:
        profile = Path(home.env["XDG_CONFIG_HOME"]) / "ibdesk/profiles/practice.toml"
        profile.parent.mkdir(parents=True)
        profile.write_text(UNTHROTTLED + WIDE_PROFILE)
        core = await CoreProcess(home).start()
        async with await core.attach() as watcher:
            snapshot = await watcher.ready()
            await watcher.wait_for_instrument(SYMBOL)
            bare = await _Bare.connect(snapshot.connection.endpoint.port, home.folder / "bare.db")
            ours_ms: list[float] = []
            bare_ms: list[float] = []
            for turn in range(WARM_UP + orders):
                side = Side.BUY if turn % 2 == 0 else Side.SELL
                ours_ms.append(await _ours(watcher, side))
                bare_ms.append(await bare.order(side))
            bare.close()
        await core.stop()
    ours, baseline = median(ours_ms[WARM_UP:]), median(bare_ms[WARM_UP:])
    return BenchResult(
        values={"place_to_filled_ms": ours, "added_ms": ours - baseline, "ratio": ours / baseline},
        baseline={"bare_ms": baseline},
    )


async def _ours(watcher: Watcher, side: Side) -> float:
    command = market_order(watcher.snapshot, SYMBOL, side, 1)
    order_ref = command.request.order_ref
    watcher.seen.clear()

    def filled(envelope: Envelope) -> bool | None:
        event = envelope.event
        if isinstance(event, OrderChanged) and event.order.order_ref == order_ref:
            return True if event.order.state is OrderState.FILLED else None
        return None

    began = time.perf_counter()
    ack = await watcher.send(command)
    if not ack.ok:
        raise RuntimeError(f"core denied a benchmark order: {ack.denied}")
    await watcher.wait(filled)
    return (time.perf_counter() - began) * 1000


class _Bare:
    """A client of ib_async's own, and a journal of one table."""

    def __init__(self, ib: IB, contract: Contract, journal: sqlite3.Connection) -> None:
        self._ib = ib
        self._contract = contract
        self._journal = journal

    @classmethod
    async def connect(cls, port: int, journal: Path) -> _Bare:
        """Connect as a second client of the same gateway, unthrottled."""
        ib = IB()
        ib.client.MaxRequests = 0
        await ib.connectAsync("127.0.0.1", port, clientId=90, timeout=10)
        (details,) = await ib.reqContractDetailsAsync(
            Contract(symbol=SYMBOL, secType="STK", exchange="SMART", currency="USD")
        )
        connection = sqlite3.connect(journal)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE intent (id INTEGER PRIMARY KEY, text TEXT)")
        connection.commit()
        assert details.contract is not None
        return cls(ib, details.contract, connection)

    async def order(self, side: Side) -> float:
        """Milliseconds from the commit's begin to Filled."""
        order = MarketOrder(side.value, 1, tif="DAY")
        filled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def on_status(trade: Trade) -> None:
            if trade.orderStatus.status == "Filled" and not filled.done():
                filled.set_result(None)

        began = time.perf_counter()
        self._journal.execute("INSERT INTO intent (text) VALUES (?)", (repr(order),))
        self._journal.commit()
        trade = self._ib.placeOrder(self._contract, order)
        trade.statusEvent += on_status
        await filled
        return (time.perf_counter() - began) * 1000

    def close(self) -> None:
        """Disconnect."""
        self._ib.disconnect()
        self._journal.close()
