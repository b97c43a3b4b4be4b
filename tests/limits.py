"""Limits that no file says: what a test gives, and what was set since."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from core.domain.limit_table import DEFAULTS, Configured, LimitTable, name_of, texts_of
from core.domain.limits import Limits
from core.domain.permissions import Permissions
from core.errors import ConfigError

UNASKED = Limits(
    duplicate_seconds=0,
    script_repeats=None,
    day_orders=None,
    day_trades=None,
    day_value=None,
    unusual_times=None,
    unusual_value_percent=Decimal(100),
    ask_short=False,
)
"""The usual limits, and no question: for tests that send orders to judge something else."""


def as_toml(limits: Limits) -> str:
    """The limits as a profile's file says them."""
    return "\n".join(["[limits]", *(f'{name} = "{text}"' for name, text in texts_of(limits).items()), ""])


class FixedLimits:
    """A `LimitsSource` in memory. `problem` makes every writing fail."""

    def __init__(
        self,
        limits: Limits | None = None,
        permissions: Permissions | None = None,
        own: Mapping[str, str] | None = None,
        presets: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """`own` is what single symbols and accounts say, by name."""
        self.said = LimitTable({**texts_of(limits or Limits(), permissions or Permissions()), **(own or {})}).said
        self.presets = dict(presets or {})
        self.problem = ""

    def read(self) -> Configured:
        sources = {name: "test" if value != DEFAULTS.get(name) else "default" for name, value in self.said.items()}
        return Configured(said=dict(self.said), sources=sources, presets=self.presets)

    async def read_again(self) -> Configured:
        return self.read()

    async def value(self, name: str, text: str) -> tuple[str, str | None]:
        known = name_of(name)
        if known is None:
            raise ConfigError(f"There is no limit {name!r}.")
        if text == "default":
            return name, None if known.owner else DEFAULTS[name]
        return name, text

    async def write(self, name: str, value: str | None) -> None:
        if self.problem:
            raise ConfigError(self.problem)
        self.said.pop(name, None)
        if value is not None:
            self.said[name] = value
