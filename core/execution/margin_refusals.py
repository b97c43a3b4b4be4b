"""What IBKR says when it refuses an order for margin, in a few words, with the size that would fit."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from msgspec.structs import replace

from core.domain.account import Account
from core.domain.instruments import Instrument
from core.domain.orders import Order
from core.domain.reports import ErrorReport

REFUSED = 201
_FIGURES = re.compile(
    r"EQUITY WITH LOAN VALUE \[(-?[0-9][0-9,.]{0,20}) ([A-Z]{3})\] MUST EXCEED THE INITIAL MARGIN "
    r"\[(-?[0-9][0-9,.]{0,20}) \2\]",
    re.ASCII | re.IGNORECASE,
)
"""Source: IBKR's own text of code 201, "your order is not accepted in order to obtain the desired position ..."."""


def in_short(report: ErrorReport, order: Order, account: Account | None, instrument: Instrument | None) -> ErrorReport:
    """The report with what is needed and what there is in place of IBKR's text; one without these figures unchanged."""
    found = _FIGURES.search(report.text) if report.code == REFUSED else None
    if found is None:
        return report
    equity, needed = _number(found[1]), _number(found[3])
    if equity is None or needed is None or needed < equity:
        return report
    text = f"needs {needed:,.0f} {found[2].upper()} margin, you have {equity:,.0f}."
    taken = None if account is None else account.initial_margin
    if taken is None or instrument is None:
        return replace(report, text=text)
    fits = _fitting(order.remaining, equity - taken, needed - taken, instrument)
    return replace(report, text=f"{text} {f'{fits.normalize():,f}' if fits else 'None'} would fit.")


def _fitting(quantity: Decimal, free: Decimal, asked: Decimal, instrument: Instrument) -> Decimal:
    """The largest size that takes less than `free`, if all of it takes `asked`; 0 for none.

    What other working orders take is in `asked` too, so that it is rather too small.
    """
    if free <= 0 or asked <= 0:
        return Decimal(0)
    step = instrument.size_increment
    lots = (quantity * free / asked / step).to_integral_value(ROUND_CEILING) - 1
    fits = lots * step
    return fits if fits >= instrument.min_size else Decimal(0)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
