"""Who asks for an order, a person at a desk or a script, and what the command says for him."""

from __future__ import annotations

from core.domain.authority import is_desk, program_of
from core.domain.commands import ModifyOrder, PlaceOrder
from core.risk.behaviour import Asked


def script_of(client: str) -> str:
    """The name of the script that a client is, the same for each of its connections; empty for a desk."""
    return "" if is_desk(client) else program_of(client) or client


def asked_by(command: PlaceOrder | ModifyOrder, client: str) -> Asked:
    """What the controls have to know of who asks."""
    return Asked(
        script=script_of(client),
        confirms=command.confirms,
        typed_quantity=command.typed_quantity,
        short=command.short,
        repeat_of=command.repeat_of if isinstance(command, PlaceOrder) else "",
    )
