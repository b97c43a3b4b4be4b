"""What the execution service is told at its start."""

from __future__ import annotations

from msgspec import Struct

from core.execution.alerts import AlertOptions
from core.execution.keeper import KeeperOptions
from core.execution.limit_keeper import LimitsSource
from core.ports import KillMark


class ServiceOptions(Struct, frozen=True, kw_only=True):
    """What the profile says to the service."""

    session: str
    """This run of core."""
    keeper: KeeperOptions
    limits: LimitsSource
    """What files and variables say of limits."""
    read_only: bool
    """True sends no order and no cancel."""
    kill_mark: KillMark
    symbols: tuple[str, ...]
    """They fill the watchlist of a profile that has none yet."""
    lines: int = 100
    """Market data lines of the account."""
    data_frames: int = 30
    """How many requests for market data may leave in any second."""
    alerts: AlertOptions = AlertOptions()
