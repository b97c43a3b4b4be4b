"""When a person is called, and how, as that person writes it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Word = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]+$")]


class Bell(StrEnum):
    """From which severity on an alert rings the terminal's bell."""

    NEVER = "never"
    WARNING = "warning"
    ALARM = "alarm"


class AlertSettings(BaseModel):
    """What is worth an alert (0 never is), and what is run for one."""

    model_config = ConfigDict(extra="forbid")

    command: tuple[Word, ...] = ()
    """A program and its arguments, run without a shell; title and text of the alert follow as two more arguments."""
    bell: Bell = Bell.WARNING
    margin_percent: Decimal = Field(default=Decimal(90), ge=0)
    """Initial margin, in per cent of the net liquidation value."""
    cushion_percent: Decimal = Field(default=Decimal(10), ge=0, lt=100)
    """What is left above the maintenance margin, in per cent of the net liquidation value."""
    round_trip_ms: Decimal = Field(default=Decimal(1000), ge=0)
    """The gateway's answer to a heartbeat."""
    journal_ms: Decimal = Field(default=Decimal(250), ge=0)
    """A durable entry in the journal."""
