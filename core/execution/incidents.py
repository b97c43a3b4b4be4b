"""Incidents of this moment."""

from __future__ import annotations

from core.clock import Clock
from core.domain.events import Incident, Severity
from core.execution.state import DeskState
from core.text import mask_accounts


def incident(
    state: DeskState, clock: Clock, text: str, severity: Severity = Severity.WARNING, order_ref: str = ""
) -> Incident:
    """An incident of now, its accounts masked, kept for snapshots; the caller publishes it."""
    told = Incident(severity=severity, text=mask_accounts(text), time=clock.utc(), order_ref=order_ref)
    state.incidents.append(told)
    return told
