"""`ibdesk ib-handshake`: is there a TWS, does it let us in, and is it the one that the profile means?"""

from __future__ import annotations

import click

from core.api import DeskClient
from core.cli.lookup import connection_once
from core.cli.reaching import DONE, Reach, Said, run, with_reach
from core.domain.connection import Connection, LinkState

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
    connection = await connection_once(client, timeout, is_verified)
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


def is_verified(connection: Connection) -> bool:
    """True once IBKR has answered and its accounts are the profile's; orders may have to wait yet."""
    return connection.state in (LinkState.SYNCING, LinkState.READY) and connection.verified is not None
