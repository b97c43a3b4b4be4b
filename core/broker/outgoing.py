"""Our values on their way out: contracts and numbers as the wire takes them."""

from __future__ import annotations

from decimal import Decimal

from ib_async.contract import ComboLeg, Contract

from core.domain.instruments import Instrument, SecType
from core.errors import DeskError
from core.text import is_wire_safe


class UnsendableError(DeskError, ValueError):
    """A value that can't stand in a frame; no control should have let it pass. Nothing was sent."""

    title = "Can't be sent"


def wire_text(text: str) -> str:
    """`text` as it stands. Raises UnsendableError unless it is printable ASCII: a NUL would shift all fields."""
    if not is_wire_safe(text):
        raise UnsendableError(f"{text!r} can't be sent to the broker. Nothing was sent.")
    return text


def wire_number(value: Decimal) -> str:
    """`value` exactly, never with an exponent. Raises UnsendableError for NaN and infinity."""
    if not value.is_finite():
        raise UnsendableError(f"{value} is no number that can be sent to the broker. Nothing was sent.")
    return format(value, "f")


def wire_contract(instrument: Instrument) -> Contract:
    """The contract of a qualified instrument. Raises UnsendableError if a text in it can't be sent."""
    if instrument.legs:
        return _combination(instrument)
    contract = Contract(
        secType=instrument.sec_type.value if instrument.sec_type is not SecType.OTHER else "",
        conId=instrument.con_id,
        symbol=wire_text(instrument.symbol),
        lastTradeDateOrContractMonth=wire_text(instrument.last_trade_date),
        right=wire_text(instrument.right),
        multiplier="" if instrument.multiplier == 1 else wire_number(instrument.multiplier.normalize()),
        exchange=wire_text(instrument.exchange),
        primaryExchange=wire_text(instrument.primary_exchange),
        currency=wire_text(instrument.currency),
        localSymbol=wire_text(instrument.local_symbol),
        tradingClass=wire_text(instrument.trading_class),
    )
    if instrument.strike is not None:
        contract.strike = float(instrument.strike)
    return contract


def _combination(instrument: Instrument) -> Contract:
    """A combination is known by its legs alone: its number and its name are ours."""
    return Contract(
        secType=SecType.BAG.value,
        symbol=wire_text(instrument.symbol),
        exchange=wire_text(instrument.exchange),
        currency=wire_text(instrument.currency),
        comboLegs=[
            ComboLeg(
                conId=leg.con_id,
                ratio=abs(leg.ratio),
                action="BUY" if leg.ratio > 0 else "SELL",
                exchange=wire_text(leg.exchange),
            )
            for leg in instrument.legs
        ],
    )
