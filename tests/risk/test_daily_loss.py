"""Control 12: a day's loss against its limit, to the cent, and what is said while it can't be reckoned."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.instruments import Instrument, SecType
from core.domain.money import Money, PositionMoney, Profit
from core.risk.daily_loss import LossFound, judge_loss

D = Decimal
FIRST, SECOND = "DU1234567", "DU7654321"
NAMES = ("AAPL", "TSLA", "MSFT", "AMZN", "NVDA")
INSTRUMENTS = {
    number: Instrument(con_id=number, symbol=name, sec_type=SecType.STK, exchange="SMART")
    for number, name in enumerate(NAMES, start=1)
}
LIMITS = {FIRST: D(1500), SECOND: D(200)}


def day(amount: str | None, account: str = FIRST, base: str = "USD") -> Money:
    """An account whose day came to so much; None where nobody can say."""
    known = None if amount is None else D(amount)
    return Money(account=account, base_currency=base, open=Profit(), day=Profit(amount=known))


def unvalued(*numbers: int, amount: str | None = None) -> Money:
    """An account with a position that is valued, and positions in these contracts that nobody can value."""
    valued = PositionMoney(con_id=1, open=Profit(), day=Profit(amount=D(5)))
    rest = (PositionMoney(con_id=number, open=Profit(), day=Profit()) for number in numbers)
    return replace(day(amount), positions=(valued, *rest))


def judged(*money: Money, limits: Mapping[str, Decimal] = LIMITS, accounts: tuple[str, ...] = (FIRST,)) -> LossFound:
    """What is found with these limits."""
    return judge_loss(limits.get, money, accounts, INSTRUMENTS)


@pytest.mark.parametrize(
    ("amount", "breached"), [("0", False), ("2000", False), ("-1499.99", False), ("-1500", True), ("-1500.01", True)]
)
def test_the_limit_is_met_to_the_cent(amount: str, breached: bool) -> None:
    found = judged(day(amount))

    assert bool(found.breached) is breached
    assert found.unknown == ""


def test_it_says_who_lost_how_much_and_until_when_it_holds() -> None:
    assert judged(day("-12345.6")).breached == (
        "Daily loss limit reached: DU…567 has lost 12,345.60 USD today, the limit is 1,500.00 (limits.daily_loss). It "
        "holds until the trading day ends."
    )


def test_each_account_has_its_own_limit_and_one_without_is_passed_over() -> None:
    free, lost = day("-9999"), day("-200", SECOND)

    assert judged(free, lost, limits={SECOND: D(200)}).breached.startswith("Daily loss limit reached: DU…321")
    assert judged(free, day("-199", SECOND), limits={SECOND: D(200)}) == LossFound()
    assert judged(free, lost, limits={}) == LossFound()
    assert judged(limits={}) == LossFound()


@pytest.mark.parametrize(
    ("money", "why"),
    [
        ((), "nothing is reckoned yet"),
        ((day(None),), "nothing is reckoned yet"),
        ((day("-9999", base=""),), "IBKR has not told its currency"),
        ((unvalued(2),), "no price, contract or exchange rate for TSLA"),
        ((unvalued(2, 3, 99, amount="-9999"),), "no price, contract or exchange rate for TSLA, MSFT, contract 99"),
        ((unvalued(2, 3, 4, 5),), "no price, contract or exchange rate for TSLA, MSFT, AMZN and 1 more"),
    ],
)
def test_what_can_not_be_reckoned_is_unknown_and_not_0(money: tuple[Money, ...], why: str) -> None:
    assert judged(*money) == LossFound(unknown=f"the day's profit of DU…567 is not known ({why})")


def test_a_loss_that_is_known_is_told_before_what_is_not() -> None:
    found = judged(unvalued(2), day("-200", SECOND))

    assert found.breached.startswith("Daily loss limit reached: DU…321 has lost 200.00")
    assert found.unknown == ""


def test_of_several_unknown_accounts_the_first_is_named() -> None:
    assert "DU…567 is not known (nothing" in judged(day(None), day(None, SECOND)).unknown
    assert (
        "DU…321 is not known (no price"
        in judged(replace(unvalued(3), account=SECOND), accounts=(SECOND, FIRST)).unknown
    )


def test_a_day_with_every_position_valued_is_known() -> None:
    assert judged(unvalued(amount="-3")) == LossFound()
