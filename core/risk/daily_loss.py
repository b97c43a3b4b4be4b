"""Control 12: the day's loss, open and closed positions and commissions together, against its limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from core.domain.instruments import Instrument
from core.domain.money import Money, PositionMoney
from core.text import mask_accounts

_NAMED = 3


class LossFound(Struct, frozen=True, kw_only=True):
    """What the day's profit says of the limit."""

    breached: str = ""
    """Which account lost how much, for a person; empty if none is known to have lost that much."""
    unknown: str = ""
    """Why it is not known whether one has, for a person; empty if it is known."""


def judge_loss(
    limit_of: Callable[[str], Decimal | None],
    money: Iterable[Money],
    accounts: Iterable[str],
    instruments: Mapping[int, Instrument],
) -> LossFound:
    """Compare the day's profit of every account with its limit, in its base currency; None is no limit.

    `accounts` must all be known. A profit that can't be reckoned is not zero, and a part of one proves nothing: it is
    unknown. An old price still counts: what was lost by it was lost.
    """
    known = {one.account: one for one in money}
    unknown = ""
    for account in dict.fromkeys((*known, *accounts)):
        limit, one = limit_of(account), known.get(account)
        if limit is None:
            continue
        missing = _missing(one, instruments)
        amount = None if one is None else one.day.amount
        if missing or one is None or amount is None:
            unknown = unknown or f"the day's profit of {account} is not known ({missing or 'nothing is reckoned yet'})"
        elif amount <= -limit:
            text = (
                f"Daily loss limit reached: {account} has lost {-amount:,.2f} {one.base_currency} today, the limit is "
                f"{limit:,.2f} (limits.daily_loss). It holds until the trading day ends."
            )
            return LossFound(breached=mask_accounts(text))
    return LossFound(unknown=mask_accounts(unknown))


def _missing(money: Money | None, instruments: Mapping[int, Instrument]) -> str:
    """What can't be valued, in words; empty if everything is."""
    if money is None:
        return ""
    if not money.base_currency:
        return "IBKR has not told its currency"
    names = [_name(one, instruments) for one in money.positions if one.day.amount is None]
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"no price, contract or exchange rate for {', '.join(names[:_NAMED])}{more}"


def _name(one: PositionMoney, instruments: Mapping[int, Instrument]) -> str:
    known = instruments.get(one.con_id)
    return f"contract {one.con_id}" if known is None else known.label
