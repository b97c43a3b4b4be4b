"""The limits as a person writes them: each field checked by itself."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.domain.limit_table import NO_LIMIT
from core.domain.limits import Limits


class LimitSettings(BaseModel):
    """Limits of one order and of the day; see `core.domain.limits.Limits`."""

    model_config = ConfigDict(extra="forbid")

    order_quantity: Decimal = Field(default=Limits().order_quantity, gt=0)
    order_value: Decimal = Field(default=Limits().order_value, gt=0)
    price_band_percent: Decimal = Field(default=Limits().price_band_percent, gt=0, le=100)
    open_orders: int = Field(default=Limits().open_orders, gt=0)
    open_orders_side: int = Field(default=Limits().open_orders_side, gt=0)
    unexecuted_value: Decimal = Field(default=Limits().unexecuted_value, gt=0)
    position_quantity: Decimal = Field(default=Limits().position_quantity, gt=0)
    position_value: Decimal = Field(default=Limits().position_value, gt=0)
    margin_percent: Decimal = Field(default=Limits().margin_percent, gt=0)
    portfolio_risk: Decimal | None = Field(default=None, gt=0, le=100)
    daily_loss: Decimal | None = Field(default=None, gt=0)
    walk_percent: Decimal = Field(default=Limits().walk_percent, gt=0, le=100)
    walk_seconds: int = Field(default=Limits().walk_seconds, gt=0)
    duplicate_seconds: int = Field(default=Limits().duplicate_seconds, ge=0)
    script_repeats: int | None = Field(default=Limits().script_repeats, gt=0)
    day_orders: int | None = Field(default=Limits().day_orders, gt=0)
    day_trades: int | None = Field(default=Limits().day_trades, gt=0)
    day_value: Decimal | None = Field(default=Limits().day_value, gt=0)
    unusual_times: Decimal | None = Field(default=Limits().unusual_times, gt=1)
    unusual_value_percent: Decimal = Field(default=Limits().unusual_value_percent, gt=0, le=100)
    ask_short: bool = Limits().ask_short
    breaker_failures: int | None = Field(default=Limits().breaker_failures, gt=0)
    breaker_seconds: int = Field(default=Limits().breaker_seconds, gt=0)
    breaker_pause: int = Field(default=Limits().breaker_pause, gt=0)
    queue_seconds: Decimal = Field(default=Limits().queue_seconds, gt=0, le=10)

    @field_validator("*", mode="before")
    @classmethod
    def _no_limit(cls, value: object) -> object:
        return None if value == NO_LIMIT else value

    @field_validator("portfolio_risk", mode="before")
    @classmethod
    def _part(cls, value: object) -> object:
        """A part above 1 is written in per cent: 5 alone may mean 5 % as well as five times everything."""
        try:
            text = str(value).strip()
            if text.endswith("%"):
                return Decimal(text.removesuffix("%")) / 100
            above = Decimal(text) > 1
        except InvalidOperation:
            return value
        if above:
            raise ValueError('it is a part of net liquidation: 0.05, or "5%"; write more than all of it as "150%"')
        return value

    def limits(self) -> Limits:
        """The same as the controls take them."""
        return Limits(**{name: getattr(self, name) for name in Limits.__struct_fields__})
