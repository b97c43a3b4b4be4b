"""How the gateway refuses what it does not accept, in IBKR's codes and words, and how it finds what is meant."""

from __future__ import annotations

from typing import Final

from core.practice.directory import Catalogue
from core.practice.instruments import Instrument
from core.practice.tables import Record

NO_SECURITY: Final = "No security definition has been found for the request"
OFF_GRID: Final = "The price does not conform to the minimum price variation for this contract."


class RefusedError(Exception):
    """A request is refused with one of IBKR's codes."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def invalid(cause: str) -> RefusedError:
    """Return the refusal of a request whose fields make no sense."""
    return RefusedError(321, f"Error validating request.-'bW' : cause - {cause}")


def rejected(reason: str) -> RefusedError:
    """Return the refusal of an order that makes sense and may not trade."""
    return RefusedError(201, f"Order rejected - reason:{reason}")


def resolve(catalogue: Catalogue, contract: Record) -> Instrument:
    """Return the one instrument that is meant. Raises RefusedError 200 if there is none, or more than one."""
    found = catalogue.find(contract)
    if not found:
        raise RefusedError(200, NO_SECURITY)
    if len(found) > 1:
        name = contract.text("localSymbol") or contract.text("symbol")
        raise RefusedError(200, f"The contract description specified for {name} is ambiguous.")
    return found[0]
