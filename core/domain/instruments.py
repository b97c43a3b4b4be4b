"""What is traded."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class SecType(StrEnum):
    """Classes of instrument, spelt as the TWS API spells them."""

    STK = "STK"
    FUT = "FUT"
    OPT = "OPT"
    CASH = "CASH"
    BAG = "BAG"
    IND = "IND"
    OTHER = "OTHER"
    """A class that ibdesk neither quotes nor trades; shown if a position in it exists."""


class PriceBand(Struct, frozen=True):
    """One step of a market rule: from `low_edge` (inclusive) upwards, prices move by `increment`."""

    low_edge: Decimal
    increment: Decimal


class ComboLeg(Struct, frozen=True, kw_only=True):
    """One leg of a combination."""

    con_id: int
    ratio: int
    """How many one combination has; negative for a leg that is sold when the combination is bought."""
    exchange: str = "SMART"


class Instrument(Struct, frozen=True, kw_only=True):
    """One contract, as the broker qualified it. `con_id` is its identity."""

    con_id: int
    """IBKR's contract number; never 0 for a qualified contract, negative for combinations, which have none."""
    symbol: str
    sec_type: SecType
    exchange: str
    """Where orders are routed, usually SMART."""
    primary_exchange: str = ""
    """The listing exchange; empty if the broker names none."""
    currency: str = "USD"
    local_symbol: str = ""
    trading_class: str = ""
    name: str = ""
    """The company or product, cleaned; empty if unknown."""
    multiplier: Decimal = Decimal(1)
    """Units of the underlying per contract; 1 for stocks."""
    last_trade_date: str = ""
    """YYYYMMDD for what expires; empty for what does not."""
    strike: Decimal | None = None
    """None for everything but options."""
    right: str = ""
    """C or P for options, else empty."""
    price_bands: tuple[PriceBand, ...] = (PriceBand(Decimal(0), Decimal("0.01")),)
    """Ascending by `low_edge`, never empty."""
    size_increment: Decimal = Decimal(1)
    """Quantities are multiples of this."""
    min_size: Decimal = Decimal(1)
    """The smallest quantity that the broker takes."""
    order_types: tuple[str, ...] = ()
    """IBKR's names of the order types that it takes here; empty means not known."""
    time_zone: str = ""
    """IANA name of the exchange's zone; empty if unknown."""
    trading_hours: str = ""
    """IBKR's text for all sessions of the coming days, in `time_zone`."""
    liquid_hours: str = ""
    """IBKR's text for the regular sessions of the coming days, in `time_zone`."""
    legs: tuple[ComboLeg, ...] = ()
    """Of combinations; empty for everything else."""
    untold: tuple[str, ...] = ()
    """What an order needs and the broker did not tell (`multiplier`, `tick`): the fields above hold a guess there."""

    @property
    def label(self) -> str:
        """What a row shows: the ticker, `/ESZ6` for a future, `EUR.USD` for a currency pair."""
        if self.sec_type is SecType.FUT:
            return f"/{self.local_symbol or self.symbol}"
        if self.sec_type is SecType.CASH:
            return f"{self.symbol}.{self.currency}"
        if self.sec_type is SecType.OPT:
            strike = "" if self.strike is None else f"{self.strike.normalize():f}"
            return f"{self.symbol} {self.last_trade_date[2:]}{self.right.lower()}{strike}"
        if self.sec_type is SecType.BAG:
            return self.local_symbol or self.symbol
        return self.symbol


class SymbolMatch(Struct, frozen=True, kw_only=True):
    """One answer to a symbol search: enough to choose it, not yet enough to trade it."""

    con_id: int
    symbol: str
    sec_type: SecType
    primary_exchange: str
    currency: str
    name: str
    """Cleaned; empty if the broker sent none."""
