"""`ibdesk place`: one order, through every control that a desk's order goes through."""

from __future__ import annotations

import re
from typing import NamedTuple, Unpack

import click

from core.api import DeskClient, answered, ended, mint_order_ref
from core.cli.lookup import find_instrument, ready
from core.cli.reaching import DONE, EXITS, IN_DOUBT, REFUSED, Reach, Said, failed, run, told, with_reach
from core.cli.sending import await_grant, denied, market, outcome, placed
from core.domain.commands import OrderPreview, PlaceOrder, PreviewOrder
from core.domain.orders import Order, TimeInForce
from core.errors import DeskError
from core.scripting.tickets import TYPE_WORDS, Instructions, Ticket, ticket, type_by_prices

NAME = "ibdesk place"

_EPILOG = f"""\b
Examples:
  ibdesk place BUY 100 AAPL --limit 233.33 --tag breakout
  ibdesk place BUY 100 AAPL --limit 233.33 --take-profit 240 --stop-loss 229
  ibdesk place SELL 50 TSLA --until ended --ttl 30 --json
  ibdesk place BUY 10 SPY --limit 400 --preview

{EXITS}
A reference is minted for the order and said at the end: by it the order is found again, whatever happens to this
command. Called twice, it sends two orders; the second one within a minute is refused unless --repeat says that it is
meant. No command trades live by itself: a person grants it at a desk while it waits (--await-grant).
"""


class Wanted(NamedTuple):
    """The order, what is attached to it, and how it is to be followed."""

    ticket: Ticket
    attached: tuple[Ticket, ...]
    until: str
    """`sent`, `answered` or `ended`."""
    wait: float
    """Seconds."""
    preview: bool
    grant: float
    """Seconds to wait for a grant of live trading."""


class _Command(click.Command):
    """Says of a number below 0 that it is no quantity, where click alone would call it an unknown option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = tuple(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            named = (one for one in given if one.startswith(error.option_name))
            negative = next((one for one in named if re.fullmatch(r"-\d*\.?\d+", one)), None)
            if negative is None:
                raise
            raise click.UsageError(f"quantity='{negative}' must be above 0. Nothing was sent.", ctx) from None


@click.command(cls=_Command, epilog=_EPILOG)
@click.argument("side", type=click.Choice(["BUY", "SELL"], case_sensitive=False))
@click.argument("quantity")
@click.argument("symbol")
@click.option("--limit", "limit_price", metavar="PRICE", help="The worst price; without it and --type, at the market.")
@click.option("--stop", "stop_price", metavar="PRICE", help="The price that starts a stop.")
@click.option("--trail", "trail_amount", metavar="DISTANCE", help="The distance of a trailing stop.")
@click.option("--trail-percent", metavar="PERCENT", help="The same in per cent.")
@click.option("--take-profit", metavar="PRICE", help="Attach a limit order that closes it again.")
@click.option("--stop-loss", metavar="PRICE", help="Attach a stop that closes it again; with both, one ends the other.")
@click.option(
    "--type",
    "order_type",
    type=click.Choice([*dict.fromkeys((*TYPE_WORDS, "ADAPTIVE"))], case_sensitive=False),
    metavar="TYPE",
    help="MARKET, LIMIT, STOP, STOP_LIMIT, ADAPTIVE, or IBKR's name; otherwise what the prices say.",
)
@click.option("--urgency", type=click.Choice(["LOW", "NORMAL", "HIGH"], case_sensitive=False), default="NORMAL")
@click.option("--tif", "time_in_force", default="DAY", show_default=True, help="DAY, GTC, IOC, FOK or OPG.")
@click.option("--outside-rth", is_flag=True, help="Let it fill outside regular hours.")
@click.option("--ttl", metavar="SECONDS", help="Core cancels what has not filled by then, over its own crash too.")
@click.option("--tag", default="", help="A word for the records.")
@click.option("--strategy", default="", help="What decided on it, for the records.")
@click.option("--account", default="", help="The account; without it the profile's.")
@click.option("--short", is_flag=True, help="A sale that may open a short position.")
@click.option("--repeat", is_flag=True, help="It is meant once more, though the same was sent within a minute.")
@click.option("--preview", is_flag=True, help="Only ask what core's controls say; nothing is sent.")
@click.option(
    "--until",
    type=click.Choice(["sent", "answered", "ended"]),
    default="answered",
    show_default=True,
    help="What to wait for: that core has recorded it, IBKR's word, or its end.",
)
@click.option("--wait", type=click.FloatRange(0, 86400), default=10.0, show_default=True, help="Seconds, at most.")
@await_grant
@with_reach
def command(
    *,
    reach: Reach,
    side: str,
    quantity: str,
    symbol: str,
    order_type: str | None,
    take_profit: str | None,
    stop_loss: str | None,
    preview: bool,
    until: str,
    wait: float,
    await_grant: float,
    **more: Unpack[Instructions],
) -> None:
    """Send one order: SIDE QUANTITY SYMBOL.

    QUANTITY is above 0; what is not ends with status 2. SYMBOL is a ticker, a label (/ESZ6, EUR.USD) or a contract
    number.
    """
    try:
        order = ticket(symbol, side, quantity, order_type or type_by_prices(more), **more)
        attached = _attached(order, take_profit, stop_loss)
    except DeskError as error:
        told(failed(str(error)), as_json=reach.as_json)
    wanted = Wanted(order, attached, until, wait, preview, await_grant)
    run(reach, NAME, lambda client: _place(client, reach, wanted))


def _attached(order: Ticket, take_profit: str | None, stop_loss: str | None) -> tuple[Ticket, ...]:
    """What closes it again, once it has filled: they stand as long as it does, for the day if it does not stand."""
    made = [("LIMIT", take_profit, None), ("STOP", None, stop_loss)]
    return tuple(
        ticket(
            order.symbol,
            order.side.opposite,
            order.quantity,
            kind,
            limit_price=limit,
            stop_price=stop,
            time_in_force=order.tif if order.tif is TimeInForce.GTC else TimeInForce.DAY,
            outside_rth=order.outside_rth,
            account=order.account,
            tag=order.tag,
            strategy=order.strategy,
        )
        for kind, limit, stop in made
        if limit is not None or stop is not None
    )


async def _place(client: DeskClient, reach: Reach, wanted: Wanted) -> Said:
    connection = await ready(client, reach.timeout)
    instrument = await find_instrument(client, wanted.ticket.symbol)
    await market(client, instrument.con_id, reach.timeout)
    order_ref = mint_order_ref(client.instance)
    request = wanted.ticket.request(instrument, connection.account, order_ref)
    children = tuple(
        one.request(instrument, connection.account, mint_order_ref(client.instance), order_ref)
        for one in wanted.attached
    )
    if wanted.preview:
        return await _previewed(client, PreviewOrder(request=request, children=children))
    ticket = wanted.ticket
    command = PlaceOrder(
        request=request, children=children, ttl=ticket.ttl, confirms=ticket.confirms, short=ticket.short
    )
    said = await placed(client, command, wanted.grant, lambda order: _followed(client, order, wanted))
    return said._replace(figures={**said.figures, "attached": [child.order_ref for child in children]})


async def _followed(client: DeskClient, order: Order, how: Wanted) -> Said:
    """How the order stands once what was asked for has happened to it."""
    if how.until == "sent":
        return outcome(order)
    if how.until == "answered":
        return outcome(await answered(client, order.order_ref, how.wait))
    last = await ended(client, order.order_ref, how.wait)
    if last is not None:
        return outcome(last)
    text = f"{order.name} has not ended within {how.wait:g} s and goes on: `ibdesk orders` shows it."
    return Said(IN_DOUBT, [text], {"ok": False, "problem": text, "order_ref": order.order_ref})


async def _previewed(client: DeskClient, command: PreviewOrder) -> Said:
    ack = await client.send(command)
    preview = ack.result
    if not isinstance(preview, OrderPreview):
        return failed("Core gave no preview." if ack.denied is None else ack.denied.message, REFUSED)
    if preview.denied is not None:
        return denied(preview.denied)
    figures: dict[str, object] = {
        "ok": True,
        "value": None if preview.value is None else f"{preview.value:f}",
        "fee": None if preview.fee is None else f"{preview.fee:f}",
        "position_before": f"{preview.position_before:f}",
        "position_after": f"{preview.position_after:f}",
        "takes_ticks": preview.takes_ticks,
    }
    line = (
        f"Every control lets it pass. Value {figures['value'] or 'unknown'}, fee about {figures['fee'] or 'unknown'}, "
        f"position {figures['position_before']} to {figures['position_after']}. Nothing was sent."
    )
    return Said(DONE, [line], figures)
