"""The only door into core: attach to it, send commands, take a snapshot, follow its events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

from core.domain.commands import Ack, Command, PlaceOrder
from core.domain.connection import Connection
from core.domain.events import Envelope, Snapshot
from core.domain.orders import Order
from core.ids import mint_order_ref
from core.link.launch import CoreReady, PendingCore, begin_launch

__all__ = [
    "CoreReady",
    "DeskClient",
    "PendingCore",
    "answered",
    "attach",
    "begin_launch",
    "ended",
    "ensure_connected",
    "mint_order_ref",
    "place",
    "retire",
]


class DeskClient(Protocol):
    """One attached desk or script. All methods raise LinkError once the link is gone."""

    @property
    def instance(self) -> str:
        """The journal's instance, for minting order references."""

    @property
    def name(self) -> str:
        """The name under which core knows this client: a person grants live trading to it by that."""

    async def send(self, command: Command) -> Ack:
        """Have core do something; returns when core has answered (for an order: its intent is durable, or denied).

        Raises LinkError if the link broke first: the outcome is then unknown until the order_ref is looked up.
        """

    async def snapshot(self) -> Snapshot:
        """Everything as it stands."""

    def events(self, after: int | None = None) -> AsyncIterator[Envelope]:
        """Follow events from a snapshot's number on (None: from now on). Ends when the client is closed.

        Raises LinkError when the link breaks. Facts come in order without loss; state events are the last values.
        """

    async def close(self) -> None:
        """Detach. Says nothing about core's life: send `Leave` first for that."""


async def attach(path: Path, client_name: str) -> DeskClient:
    """Attach to the core that listens at `path` (see `CoreReady.socket`).

    `client_name` is what kind of program it is: `desk` for one with a screen at which a person sits and for nothing
    else, any other for a script. A script may trade live only once a person has granted that to its `name` at a desk.

    Raises OtherBuildError if it is another build, LinkError if nobody listens there, if it is another user, or if it
    doesn't answer in time.
    """
    from core.link.client import SocketClient

    return await SocketClient.attach(path, client_name)


async def ensure_connected(client: DeskClient, timeout: float) -> Connection:
    """The connection once new orders may be sent over it.

    Raises ConnectError with what is wrong when `timeout` seconds have passed, or at once where only a person can help.
    """
    from core.link import scripts

    return await scripts.ensure_connected(client, timeout)


async def place(client: DeskClient, command: PlaceOrder, retries: Sequence[float] = ()) -> Ack:
    """Send an order; where it was refused before anything of it was recorded, again after each pause of `retries`.

    `(1, 2, 4)` tries three times more. What was recorded, or answered by IBKR, is never sent again.
    """
    from core.link import scripts

    return await scripts.place(client, command, retries)


async def answered(client: DeskClient, order_ref: str, timeout: float) -> Order:
    """The order once IBKR has said something of it. Raises OrderUnknownError, a TimeoutError, when nobody knows."""
    from core.link import scripts

    return await scripts.answered(client, order_ref, timeout)


async def ended(client: DeskClient, order_ref: str, timeout: float) -> Order | None:
    """The order once it has ended; None if it lives after `timeout` seconds, or core does not know it."""
    from core.link import scripts

    return await scripts.ended(client, order_ref, timeout)


async def retire(path: Path, client_name: str, accepted_in_flight: int) -> None:
    """Have the core that listens at `path` end, whatever its build; returns once it lets its clients go.

    Orders stay at the broker. `accepted_in_flight` is how many orders in flight a person was told of: core refuses
    while there are more. Raises OtherBuildError then, LinkError if it can't be asked or doesn't end in time.
    """
    from core.link import retire as retiring

    await retiring.retire(path, client_name, accepted_in_flight)
