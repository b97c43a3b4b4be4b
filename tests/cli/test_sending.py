"""What commands say of an order that core has taken, whatever happens to them then."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.cli.reaching import IN_DOUBT, Said
from core.cli.sending import placed
from core.domain.commands import Ack, Command, PlaceOrder
from core.domain.events import Envelope, Snapshot
from core.domain.orders import Order
from core.errors import LinkError, RecordsError
from tests.execution.reports import buy
from tests.journal.values import order


class Taking:
    """A core that takes every order and goes away then."""

    instance = "I"
    name = "command-1"

    async def send(self, command: Command) -> Ack:
        return Ack(ok=True, order=order(1))

    async def snapshot(self) -> Snapshot:
        raise LinkError("Core is gone.")

    def events(self, after: int | None = None) -> AsyncIterator[Envelope]:
        raise LinkError("Core is gone.")

    async def close(self) -> None:
        """There is nothing to close."""


@pytest.mark.parametrize(
    "error", [LinkError("Core is gone."), RecordsError("No room."), OSError(5, "Input/output"), ValueError("strange")]
)
async def test_whatever_goes_wrong_behind_an_order_it_is_in_doubt(error: Exception) -> None:
    async def follow(taken: Order) -> Said:
        raise error

    command = PlaceOrder(request=buy())
    said = await placed(Taking(), command, 0.0, follow)

    assert said.status == IN_DOUBT
    assert said.lines[0].startswith(str(error))
    assert command.request.order_ref in said.lines[0]
