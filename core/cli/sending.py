"""How commands send orders: once, with everything known that core judges by, and with the truth about the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import click
from msgspec.structs import replace

from core.api import DeskClient
from core.cli.figures import fields, order_line
from core.cli.lookup import quoted, seen
from core.cli.output import say
from core.cli.reaching import DONE, IN_DOUBT, REFUSED, Said
from core.domain.commands import Ack, DenialCode, PlaceOrder
from core.domain.denials import Denial
from core.domain.events import Snapshot
from core.domain.orders import Order, OrderState
from core.domain.quotes import Quote
from core.errors import LinkError, OrderUnknownError

ANSWER_SECONDS = 30.0
"""How long core may take to answer an order, its journal's longest wait included; it takes none later."""
QUOTE_SECONDS = 5.0
"""How long a quote of the instrument is waited for; core refuses what it can't judge without one."""

_FAILED = frozenset({OrderState.REJECTED, OrderState.DENIED, OrderState.PRESUMED_NOT_PLACED})
_TYPED_AGAIN = "Send less, or send it at a desk, which asks for the quantity once more."
_HINTS = {
    DenialCode.DUPLICATE: "Say --repeat if you mean it.",
    DenialCode.SHORT_SALE: "Say --short if you mean it.",
    DenialCode.UNUSUAL_QUANTITY: _TYPED_AGAIN,
    DenialCode.UNUSUAL_VALUE: _TYPED_AGAIN,
    DenialCode.LIVE_NOT_CONFIRMED: (
        "No command trades live by itself: only a person at a desk lets it, while it runs. Call it with "
        "--await-grant 60 and grant it meanwhile."
    ),
}
"""What a person can do about a refusal, in the options of commands."""

await_grant = click.option(
    "--await-grant",
    type=click.FloatRange(0, 3600),
    default=0.0,
    metavar="SECONDS",
    help="In a live profile: wait so long for a person at a desk to grant live trading to this command.",
)
"""The option of commands that send orders."""


async def market(client: DeskClient, con_id: int, timeout: float) -> Quote | None:
    """The quote by which core will judge the order; None if none comes in time, and core decides without."""
    return await quoted(client, con_id, min(QUOTE_SECONDS, timeout))


async def placed(
    client: DeskClient, command: PlaceOrder, grant_seconds: float, follow: Callable[[Order], Awaitable[Said]]
) -> Said:
    """Send an order once; what `follow` says of it once core has recorded it.

    From the moment that it may have left, whatever goes wrong leaves its outcome in doubt: it is never said to be
    undone. Raises LinkError if core went away while a grant of live trading was waited for: nothing was sent.
    """
    order_ref = command.request.order_ref
    try:
        ack = await _sent(client, command, grant_seconds)
        if ack.denied is not None:
            return denied(ack.denied, ack.order)
        if ack.order is None:
            raise _unknown("Core has recorded the order and does not show it.", order_ref)
        try:
            return await follow(ack.order)
        except OrderUnknownError:
            raise
        except Exception as error:
            raise _unknown(str(error) or type(error).__name__, order_ref) from error
    except OrderUnknownError as error:
        return Said(IN_DOUBT, [str(error)], {"ok": False, "problem": str(error), "order_ref": order_ref})
    except asyncio.CancelledError:
        say(str(_unknown("Stopped waiting.", order_ref)), err=True)
        raise


async def _sent(client: DeskClient, command: PlaceOrder, grant_seconds: float) -> Ack:
    """Send an order once. Raises OrderUnknownError if core went away or fell silent before it answered.

    Where nobody has granted live trading it waits `grant_seconds` for that; nothing of a refused order was recorded
    as sent, so that it may be sent then.
    """
    ack = await _send(client, command)
    if ack.denied is None or ack.denied.code is not DenialCode.LIVE_NOT_CONFIRMED or not grant_seconds:
        return ack

    def granted(snapshot: Snapshot) -> bool:
        return any(grant.client == client.name for grant in snapshot.authority.grants)

    text = f"Waiting {grant_seconds:g} s for a person to grant live trading to {client.name} at a desk (Ctrl+P, grant)."
    say(text, err=True)
    if not granted(await seen(client, granted, grant_seconds)):
        return ack
    return await _send(client, command)


async def _send(client: DeskClient, command: PlaceOrder) -> Ack:
    # What stood still meanwhile must not place it long after nobody waits for it.
    command = replace(command, not_after=datetime.now(UTC) + timedelta(seconds=ANSWER_SECONDS))
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await client.send(command)
    except LinkError as error:
        raise _unknown(str(error), command.request.order_ref) from error
    except TimeoutError:
        raise _unknown(f"Core has not answered within {ANSWER_SECONDS:g} s.", command.request.order_ref) from None


def _unknown(fact: str, order_ref: str) -> OrderUnknownError:
    return OrderUnknownError(
        f"{fact} The order may be working. Don't send it again: `ibdesk orders --all --json` shows what became of it, "
        f"by its reference {order_ref}."
    )


def denied(denial: Denial, order: Order | None = None) -> Said:
    """An order that core refused: nothing was sent."""
    hint = _HINTS.get(denial.code)
    text = denial.message if hint is None else f"{denial.message} {hint}"
    figures: dict[str, object] = {
        "ok": False,
        "problem": text,
        "denied": {"code": denial.code, "limit": denial.limit},
        "order": None if order is None else fields(order),
    }
    return Said(REFUSED, [text], figures)


def outcome(order: Order) -> Said:
    """How an order stands that core has sent: refused by IBKR, in doubt, or as asked for."""
    if order.state in _FAILED or (not order.is_live and not order.filled):
        status = REFUSED
    else:
        status = IN_DOUBT if order.state is OrderState.UNKNOWN else DONE
    problem = "" if status == DONE else order_line(order)
    figures: dict[str, object] = {"ok": status == DONE, "problem": problem, "order": fields(order)}
    return Said(status, [f"{order_line(order)}  ref {order.order_ref}"], figures)
