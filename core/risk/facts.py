"""What the controls of exposure and margin are told: all that is held, works and is free, besides the order judged."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from core.domain.commands import Denial
from core.domain.money import Rate
from core.domain.what_ifs import MarginRate

_ZERO = Decimal(0)


class Exposure(Struct, frozen=True, kw_only=True):
    """What an account holds and has working, without the order that is judged.

    Orders count as long as some of them may fill: those in doubt, those that IBKR holds back and those of other clients
    too. Of one whose change is pending the worse of both terms counts. Units are those of the instrument.
    """

    held: Decimal | None = None
    """By the broker's last word, in the instrument that is ordered; None while positions have not been read."""
    expected: Decimal = _ZERO
    """The same with the fills that it does not show yet; for an attached order with all that its parent may fill."""
    same_side: Decimal = _ZERO
    """Units that other orders in the instrument may still fill on the side of the order."""
    same_side_standing: Decimal = _ZERO
    """Of these, those of orders that are not attached to another one."""
    same_side_taking: Decimal = _ZERO
    """Of these again, those of orders that are no stops and in no group."""
    taking_name: str = ""
    """One of these, as a person tells it from others; told only where the profile sells nothing short."""
    other_side_standing: Decimal = _ZERO
    """Units on the other side, of orders that are not attached."""
    open_here: int = 0
    """Orders of ours in the instrument on the side of the order."""
    open_all: int = 0
    """Orders of ours in the account."""
    filled: Decimal = _ZERO
    """Units of the order itself that have filled; 0 for a new one."""
    unexecuted: Decimal | None = None
    """What all orders of the account may still trade, in its base currency; None where some can't be valued."""
    unvalued: str = ""
    """What can't be valued, and why, for a person; empty if everything can."""
    rate: Rate | None = None
    """From the instrument's currency to the base currency; None if nobody knows one."""
    base_currency: str = ""
    """Empty until the broker has told it."""
    only_reducing: Denial | None = None
    """The refusal of what does not reduce a position, while only that may leave; None while everything may."""


class Elsewhere(Struct, frozen=True, kw_only=True):
    """What an account's positions in all other instruments come to, each as large as it becomes if all filled."""

    value: Decimal | None = None
    """In the base currency, long and short alike; None where some can't be valued, or nobody has asked."""
    unvalued: str = ""
    """What can't be valued, and why, for a person; empty if everything can."""


class Funds(Struct, frozen=True, kw_only=True):
    """What an account's margin allows, in its base currency."""

    equity: Decimal | None = None
    """Net liquidation value; None until the broker has told it."""
    initial_margin: Decimal | None = None
    """What its positions take; None until the broker has told it."""
    told: datetime | None = None
    """UTC of the last figure; None before the first."""
    holds: bool = True
    """False for an account without positions, whose figures no market moves."""
    reserved: Decimal | None = None
    """The most that its working orders in other instruments may come to take; None where some can't be valued."""
    legs_bound: Decimal | None = None
    """Of a combination: the most that the legs of one can take, in its currency; None where nobody knows, and for
    everything else."""
    rate: MarginRate | None = None
    """By the last what-if for this account, instrument and side; None without one."""
