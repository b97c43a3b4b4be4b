"""`ibdesk ib-handshake`: is there a TWS, does it let us in, and is it the one that the profile means?"""

from __future__ import annotations

import asyncio
import contextlib

import click

from core.api import DeskClient
from core.cli.reaching import DONE, Reach, Said, run, with_reach
from core.domain.commands import Reconnect
from core.domain.connection import Connection, LinkState
from core.domain.events import ConnectionChanged
from core.errors import ConnectError
from core.link.scripts import followed

NAME = "ibdesk ib-handshake"

_EPILOG = """\b
Example:
  IB_GATEWAY_PORT=7497 ibdesk ib-handshake

\b
Exit status:
  0  IBKR answered, and its accounts are the profile's
  2  it did not, or its accounts are not
"""


@click.command(epilog=_EPILOG)
@with_reach
def command(*, reach: Reach) -> None:
    """Connect to IBKR, see whose accounts answer, and say so. Sends no order; a read-only API will do.

    IB_GATEWAY_HOST, IB_GATEWAY_PORT and IB_CLIENT_ID say where; the default is the practice gateway.
    """
    run(reach, NAME, lambda client: _shake(client, reach.timeout))


async def _shake(client: DeskClient, timeout: float) -> Said:
    connection = await verified(client, timeout)
    figures: dict[str, object] = {
        "ok": True,
        "endpoint": str(connection.endpoint),
        "client_id": connection.client_id,
        "mode": connection.mode,
        "server_version": connection.server_version,
        "accounts": list(connection.accounts),
        "state": connection.state,
    }
    return Said(DONE, ["IBKR handshake OK"], figures)


async def verified(client: DeskClient, timeout: float) -> Connection:
    """The connection once IBKR has answered and its accounts are the profile's; orders may have to wait yet.

    Raises ConnectError with what is wrong after one attempt that failed, after `timeout` seconds, or at once where
    only a person can help.
    """
    snapshot = await client.snapshot()
    connection = snapshot.connection
    if connection.state is LinkState.WAITING:
        await client.send(Reconnect())
    elif _is_shaken(connection):
        return connection
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout), followed(client, snapshot.number) as events:
            async for envelope in events:
                if isinstance(envelope.event, ConnectionChanged):
                    connection = envelope.event.connection
                    if _is_shaken(connection):
                        return connection
    raise ConnectError(connection.problem or f"IBKR has not answered at {connection.endpoint} within {timeout:g} s.")


def _is_shaken(connection: Connection) -> bool:
    if connection.state in (LinkState.WAITING, LinkState.REFUSED, LinkState.AWAITING_CONFIRMATION):
        raise ConnectError(connection.problem or "Only a person at a desk can let this profile connect.")
    return connection.state in (LinkState.SYNCING, LinkState.READY) and connection.verified is not None
