"""Incidents of this moment."""

from __future__ import annotations

from core.clock import Clock
from core.domain.alerts import AlertKind
from core.domain.events import Incident, Severity
from core.execution.state import DeskState
from core.text import clean, mask_accounts


def incident(
    state: DeskState,
    clock: Clock,
    text: str,
    severity: Severity = Severity.WARNING,
    order_ref: str = "",
    *,
    kind: AlertKind = AlertKind.OTHER,
    cause: str = "",
) -> Incident:
    """An incident of now, cleaned, its accounts masked, kept for snapshots; the caller publishes it.

    `kind` and `cause` are those of the alert that follows of it, as `Incident` has them.
    """
    told = Incident(
        severity=severity,
        text=mask_accounts(clean(text)),
        time=clock.utc(),
        order_ref=order_ref,
        kind=kind,
        cause=cause,
    )
    state.incidents.append(told)
    return told
