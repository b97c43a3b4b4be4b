"""What commands say of an order that core has taken, whatever happens to them then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from core.cli.reaching import DONE, IN_DOUBT, Said
from core.cli.sending import ANSWER_SECONDS, placed
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

    def __init__(self) -> None:
        self.asked: list[Command] = []

    async def send(self, command: Command) -> Ack:
        self.asked.append(command)
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


async def test_core_takes_no_order_later_than_its_command_waits_for_the_answer() -> None:
    """A core that stood still must not place it long after, at another market."""

    async def follow(taken: Order) -> Said:
        return Said(DONE, [], {})

    core, begun = Taking(), datetime.now(UTC)
    await placed(core, PlaceOrder(request=buy()), 0.0, follow)

    (command,) = core.asked
    assert isinstance(command, PlaceOrder)
    assert command.not_after is not None
    assert begun <= command.not_after - timedelta(seconds=ANSWER_SECONDS) <= datetime.now(UTC)
