"""The limits as a person writes them: each field checked by itself."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from core.domain.limits import Limits


class LimitSettings(BaseModel):
    """Limits of one order and of the day; see `core.domain.limits.Limits`."""

    model_config = ConfigDict(extra="forbid")

    order_quantity: Decimal = Field(default=Limits().order_quantity, gt=0)
    order_value: Decimal = Field(default=Limits().order_value, gt=0)
    price_band_percent: Decimal = Field(default=Limits().price_band_percent, gt=0, le=100)
    daily_loss: Decimal | None = Field(default=None, gt=0)

    def limits(self) -> Limits:
        """The same as the controls take them."""
        return Limits(**{name: getattr(self, name) for name in Limits.__struct_fields__})
