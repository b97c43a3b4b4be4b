"""`ibdesk sanity-cancel`: an order far from the market, placed and cancelled at once, to see that both work."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import click

from core.api import DeskClient, answered, mint_order_ref
from core.cli.figures import fields, order_line
from core.cli.journal_options import out_dir_option
from core.cli.ledger_file import check_writable, with_ledger
from core.cli.lookup import find_instrument, ready, seen
from core.cli.reaching import DONE, EXITS, IN_DOUBT, REFUSED, Reach, Said, failed, run, told, with_reach
from core.cli.sending import await_grant, market, outcome, placed
from core.domain.commands import CancelOrder, PlaceOrder
from core.domain.events import Snapshot
from core.domain.orders import Order, OrderState
from core.errors import DeskError
from core.scripting.tickets import Ticket, ticket

NAME = "ibdesk sanity-cancel"
LEFT_SECONDS = Decimal(60)
"""Core cancels the order after so long by itself, should this command end before it has."""

_EPILOG = f"""\b
Example:
  ibdesk sanity-cancel --symbol SPY --qty 1 --limit 0.01

{EXITS}
Writes INTENT, ACK and CANCEL into data/exec/YYYY-MM-DD/ledger.parquet. Needs "Read-Only API" off in TWS.
"""


@click.command(epilog=_EPILOG)
@click.option("--symbol", default="SPY", show_default=True, help="What to buy, if it ever filled.")
@click.option("--qty", default="1", show_default=True, help="Units.")
@click.option("--limit", default="0.01", show_default=True, metavar="PRICE", help="A price at which nobody sells.")
@click.option("--tag", help="Its tag in the records; otherwise sanity_SYMBOL_TIME.")
@out_dir_option("Where the ledger goes.")
@await_grant
@with_reach
def command(
    *, reach: Reach, symbol: str, qty: str, limit: str, tag: str | None, out_dir: Path, await_grant: float
) -> None:
    """Place one buy order that can't fill and cancel it as soon as IBKR has taken it."""
    name = tag or f"sanity_{symbol.upper()}_{int(time.time())}"
    try:
        wanted = ticket(symbol, "BUY", qty, "LIMIT", limit_price=limit, tag=name, ttl=LEFT_SECONDS, repeat=True)
        check_writable(out_dir)
    except DeskError as error:
        told(failed(str(error)), as_json=reach.as_json)
    run(reach, NAME, lambda client: _try(client, reach, wanted, out_dir, await_grant))


async def _try(client: DeskClient, reach: Reach, wanted: Ticket, out_dir: Path, grant: float) -> Said:
    connection = await ready(client, reach.timeout)
    instrument = await find_instrument(client, wanted.symbol)
    quote = await market(client, instrument.con_id, reach.timeout)
    limit, bid = wanted.limit_price, None if quote is None else quote.bid
    if limit is not None and bid is not None and limit >= bid:
        text = f"A buy at {limit} may fill: the bid is {bid}. Nothing was sent. Choose a limit far below it."
        return failed(text, REFUSED)
    request = wanted.request(instrument, connection.account, mint_order_ref(client.instance))
    command = PlaceOrder(request=request, ttl=wanted.ttl, confirms=wanted.confirms)
    return await placed(client, command, grant, lambda order: _cancelled(client, order, reach.timeout, out_dir))


async def _cancelled(client: DeskClient, order: Order, timeout: float, out_dir: Path) -> Said:
    """How the order ended that is cancelled as soon as IBKR has taken it."""
    taken = await answered(client, order.order_ref, timeout)
    if not taken.is_live:
        return await with_ledger(client, taken, out_dir, outcome(taken))
    asked = await client.send(CancelOrder(order_ref=order.order_ref))
    last = await _ended(client, taken, timeout)
    said = _told(last, "" if asked.denied is None else asked.denied.message)
    return await with_ledger(client, last, out_dir, said)


async def _ended(client: DeskClient, order: Order, timeout: float) -> Order:
    """The order once it has ended, else as it stands after `timeout` seconds."""

    def found(snapshot: Snapshot) -> Order:
        return next((one for one in snapshot.orders if one.order_ref == order.order_ref), order)

    return found(await seen(client, lambda snapshot: not found(snapshot).is_live, timeout))


def _told(order: Order, refusal: str) -> Said:
    figures: dict[str, object] = {"ok": True, "tag": order.tag, "order": fields(order)}
    if order.state is OrderState.CANCELLED and not order.filled:
        return Said(DONE, [f"[sanity-cancel] tag={order.tag} ACK+Cancel recorded"], figures)
    status = IN_DOUBT if order.is_live else REFUSED
    why = refusal or ("the cancel is not confirmed" if order.is_live else "it did not end by its cancel")
    problem = f"[sanity-cancel] tag={order.tag} {why}: {order_line(order)}. ref {order.order_ref}"
    return Said(status, [problem], figures | {"ok": False, "problem": problem})
