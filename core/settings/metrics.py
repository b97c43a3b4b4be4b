"""Whether core's figures may be read by a monitoring program, as a person writes it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class MetricsSettings(BaseModel):
    """Figures in Prometheus' text format; only this machine can read them."""

    model_config = ConfigDict(extra="forbid")

    port: int = Field(default=0, ge=0, le=65535)
    """Of 127.0.0.1; 0 serves nothing."""
