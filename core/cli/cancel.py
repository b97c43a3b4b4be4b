"""`ibdesk cancel`: cancel orders by number, by reference, or all of them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import click

from core.api import DeskClient
from core.cli.figures import fields, order_line
from core.cli.handshake import is_verified
from core.cli.lookup import connection_once, seen
from core.cli.reaching import DONE, EXITS, IN_DOUBT, REFUSED, Reach, Said, failed, run, with_reach
from core.domain.commands import CancelOrder
from core.domain.events import Snapshot
from core.domain.orders import Order, OrderState
from core.errors import ConnectError, DeskError

NAME = "ibdesk cancel"

_EPILOG = f"""\b
Examples:
  ibdesk cancel 7
  ibdesk cancel --all --symbol AAPL

{EXITS}
An order that fills before its cancel has ended otherwise than asked. `ibdesk kill` cancels all and blocks new ones.
"""


@click.command(epilog=_EPILOG)
@click.argument("orders", nargs=-1, metavar="[ORDER]...")
@click.option("--all", "whole", is_flag=True, help="All that this profile has working.")
@click.option("--symbol", help="With --all: of this instrument alone, as rows name it.")
@click.option("--tag", help="With --all: with this tag alone.")
@click.option("--wait", type=click.FloatRange(0, 3600), default=10.0, show_default=True, help="Seconds to wait.")
@with_reach
def command(
    *, reach: Reach, orders: tuple[str, ...], whole: bool, symbol: str | None, tag: str | None, wait: float
) -> None:
    """Cancel orders, each by its number of the day (7) or its reference, and wait until IBKR confirms."""
    if whole is bool(orders):
        raise click.UsageError("Name the orders to cancel, or say --all.")
    if not whole and (symbol or tag):
        raise click.UsageError("--symbol and --tag choose among --all.")

    def chosen(snapshot: Snapshot) -> list[Order] | Said:
        return _all(snapshot, symbol, tag) if whole else _named(snapshot, orders)

    async def work(client: DeskClient) -> Said:
        with contextlib.suppress(ConnectError):
            # Core sends cancels before the books are read, and says itself why it can't send one.
            await connection_once(client, reach.timeout, is_verified)
        found = chosen(await client.snapshot())
        if isinstance(found, Said):
            return found
        try:
            return await _cancel(client, found, wait)
        except DeskError as error:
            return failed(f"{error} Cancels may have been sent: `ibdesk orders` shows what works.", IN_DOUBT)

    run(reach, NAME, work)


def _all(snapshot: Snapshot, symbol: str | None, tag: str | None) -> list[Order]:
    return [
        order
        for order in snapshot.orders
        if order.is_live
        and not order.external
        and (symbol is None or order.label.upper() == symbol.upper())
        and (tag is None or order.tag == tag)
    ]


def _named(snapshot: Snapshot, names: Sequence[str]) -> list[Order] | Said:
    """The orders that are meant, each by one name alone; nothing is cancelled where one name is no order's."""
    found: dict[str, Order] = {}
    for name in names:
        digits = name.removeprefix("#")
        called = [
            order
            for order in snapshot.orders
            if order.order_ref == name or (order.number and digits == f"{order.number}")
        ]
        meant = [order for order in called if order.is_live] or called
        if not meant:
            return failed(f"There is no order {name}. Nothing was cancelled. `ibdesk orders` lists them.", REFUSED)
        if len(meant) > 1:
            refs = ", ".join(order.order_ref for order in meant)
            return failed(f"{name} may be {refs}. Nothing was cancelled. Give the reference.", REFUSED)
        found[meant[0].order_ref] = meant[0]
    return list(found.values())


async def _cancel(client: DeskClient, orders: Sequence[Order], wait: float) -> Said:
    """Ask for all cancels, then wait for their ends together."""
    refusals: dict[str, str] = {}
    for order in orders:
        ack = await client.send(CancelOrder(order_ref=order.order_ref))
        if ack.denied is not None:
            refusals[order.order_ref] = ack.denied.message
    waiting = {order.order_ref for order in orders} - refusals.keys()

    def over(snapshot: Snapshot) -> bool:
        return not any(order.is_live for order in snapshot.orders if order.order_ref in waiting)

    now = {order.order_ref: order for order in (await seen(client, over, wait)).orders}
    last = [now.get(order.order_ref, order) for order in orders]
    for before, after in zip(orders, last, strict=True):
        if before.is_live and after.state is OrderState.CANCELLED:
            # Ended by the cancel of what it was attached to, before its own.
            refusals.pop(after.order_ref, None)
    lines = [_line(order, refusals.get(order.order_ref, "")) for order in last]
    status = max((_status(order, refusals) for order in last), default=DONE)
    figures: dict[str, object] = {
        "ok": status == DONE,
        "problem": "" if status == DONE else " ".join(lines),
        "orders": [fields(order) for order in last],
        "refused": refusals,
    }
    return Said(status, lines or ["No order works: nothing to cancel."], figures)


def _line(order: Order, refusal: str) -> str:
    if refusal:
        return refusal if refusal.startswith(order.name) else f"{order.name}: {refusal}"
    return order_line(order) + (": the cancel is not confirmed" if order.is_live else "")


def _status(order: Order, refusals: dict[str, str]) -> int:
    if order.order_ref in refusals:
        return REFUSED
    if order.is_live:
        return IN_DOUBT
    return DONE if order.state is OrderState.CANCELLED else REFUSED
