"""`ibdesk one-shot`: one order that core cancels when its time is up, measured against the price that it arrived at."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import click
from msgspec.structs import replace

from core.api import DeskClient, ended, mint_order_ref
from core.cli.figures import NONE, average, fields, ledger_word, order_line, quantity
from core.cli.journal_options import out_dir_option
from core.cli.ledger_file import check_writable, with_ledger
from core.cli.lookup import find_instrument, ready
from core.cli.output import say
from core.cli.reaching import DONE, EXITS, IN_DOUBT, REFUSED, Reach, Said, failed, run, told, with_reach
from core.cli.sending import await_grant, market, placed
from core.clock import trading_day
from core.domain.commands import PlaceOrder
from core.domain.orders import Order
from core.errors import DeskError, RecordsError
from core.scripting.tickets import Ticket, ticket

NAME = "ibdesk one-shot"

_EPILOG = f"""\b
Example:
  ibdesk one-shot --symbol SPY --side BUY --qty 1 --limit 10.00 \\
      --bars_path data/live/2026-11-20/bars1s_SPY.parquet --ttl_sec 2

{EXITS}
An order that ends by its time limit has ended as asked. The arrival price is that of the bars file, else the middle of
the live quote. The ledger is data/exec/YYYY-MM-DD/ledger.parquet.
"""


class Wanted(NamedTuple):
    """What is asked for beside the order."""

    ticket: Ticket
    bars: Path | None
    out_dir: Path
    grant: float
    """Seconds to wait for a grant of live trading."""


@click.command(epilog=_EPILOG)
@click.option("--symbol", default="SPY", show_default=True, help="Ticker, label or contract number.")
@click.option("--side", type=click.Choice(["BUY", "SELL"], case_sensitive=False), default="BUY", show_default=True)
@click.option("--qty", default="1", show_default=True, help="Units.")
@click.option("--limit", metavar="PRICE", help="The worst price; without it, at the market.")
@click.option(
    "--tif",
    type=click.Choice(["IOC", "DAY", "GTC"], case_sensitive=False),
    default="DAY",
    show_default=True,
    help="Time in force.",
)
@click.option("--tag", help="Its tag in the records; otherwise oneshot_SYMBOL_TIME.")
@click.option(
    "--bars_path",
    "--bars-path",
    "bars_path",
    type=click.Path(path_type=Path),
    help="Bars of one second (`ibdesk record`) that say the arrival price.",
)
@click.option(
    "--ttl_sec",
    "--ttl-sec",
    "ttl_sec",
    type=click.FloatRange(0, min_open=True),
    default=3,
    show_default=True,
    help="Seconds until core cancels what has not filled.",
)
@out_dir_option("Where the ledger goes.")
@click.option("--short", is_flag=True, help="A sale that may open a short position.")
@click.option("--repeat", is_flag=True, help="It is meant once more, though the same was sent within a minute.")
@await_grant
@with_reach
def command(
    *,
    reach: Reach,
    symbol: str,
    side: str,
    qty: str,
    limit: str | None,
    tif: str,
    tag: str | None,
    bars_path: Path | None,
    ttl_sec: float,
    out_dir: Path,
    short: bool,
    repeat: bool,
    await_grant: float,
) -> None:
    """Place one order, let core cancel what has not filled in time, and say how it ended."""
    name = tag or f"oneshot_{symbol.upper()}_{int(time.time())}"
    try:
        wanted = ticket(
            symbol,
            side,
            qty,
            "MARKET" if limit is None else "LIMIT",
            limit_price=limit,
            time_in_force=tif,
            tag=name,
            ttl=ttl_sec,
            short=short,
            repeat=repeat,
        )
        check_writable(out_dir)
    except DeskError as error:
        told(failed(str(error)), as_json=reach.as_json)
    run(reach, NAME, lambda client: _shoot(client, reach, Wanted(wanted, bars_path, out_dir, await_grant)))


async def _shoot(client: DeskClient, reach: Reach, wanted: Wanted) -> Said:
    connection = await ready(client, reach.timeout)
    instrument = await find_instrument(client, wanted.ticket.symbol)
    await market(client, instrument.con_id, reach.timeout)
    request = wanted.ticket.request(instrument, connection.account, mint_order_ref(client.instance))
    arrival = None if wanted.bars is None else _arrival(wanted.bars)
    request = replace(request, arrival_price=arrival)
    ttl = wanted.ticket.ttl or Decimal(0)
    command = PlaceOrder(request=request, ttl=ttl, confirms=wanted.ticket.confirms, short=wanted.ticket.short)

    async def follow(order: Order) -> Said:
        last = await ended(client, order.order_ref, float(ttl) + reach.timeout)
        if last is None:
            known = {one.order_ref: one for one in (await client.snapshot()).orders}
            last = known.get(order.order_ref, order)
        said = _told(last, "quote" if arrival is None else "bars")
        return await with_ledger(client, last, wanted.out_dir, said)

    return await placed(client, command, wanted.grant, follow)


def _arrival(bars: Path) -> Decimal | None:
    """The price of a bars file now; None, with the reason told, where it has none: core takes the live middle then."""
    from core.records.bars import read_bars

    now = datetime.now(UTC)
    try:
        price = read_bars(bars, trading_day(now)).arrival_price(now)
    except RecordsError as error:
        say(f"{error} The live quote says the arrival price instead.", err=True)
        return None
    if price is None:
        say(f"Bars: {bars} has no price of the last minute. The live quote says the arrival price instead.", err=True)
    return price


def _told(order: Order, source: str) -> Said:
    arrival = NONE if order.arrival_price is None else f"{order.arrival_price.normalize():f}"
    state = ledger_word(order)
    line = (
        f"[one-shot] tag={order.tag} state={state} fill_qty={quantity(order.filled)} avg_px={average(order)} "
        f"arrival={arrival}"
    )
    status = IN_DOUBT if order.is_live else REFUSED if state == "REJ" else DONE
    problem = "" if status == DONE else f"{order_line(order)}  ref {order.order_ref}"
    figures: dict[str, object] = {
        "ok": status == DONE,
        "problem": problem,
        "tag": order.tag,
        "state": state,
        "fill_qty": f"{order.filled:f}",
        "avg_px": None if order.average_price is None else f"{order.average_price:f}",
        "arrival": None if order.arrival_price is None else f"{order.arrival_price:f}",
        "arrival_source": None if order.arrival_price is None else source,
        "order": fields(order),
    }
    return Said(status, [line, *filter(None, [problem])], figures, report=True)
