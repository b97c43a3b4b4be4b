"""The morning of `sample` with alerts: what went wrong, seen and new."""

from __future__ import annotations

from msgspec.structs import replace

from core.domain.alerts import Alert, AlertKind, Severity
from core.domain.orders import OrderState
from tests.tui import sample

ALERTS = (
    Alert(
        number=1,
        kind=AlertKind.CONNECTION,
        cause="gateway",
        severity=Severity.ALARM,
        text="No connection to the gateway: it closed the connection. Connecting again.",
        since=sample.ago(900),
        time=sample.ago(700),
        count=3,
        lasting=True,
        over=sample.ago(690),
        seen=True,
    ),
    Alert(
        number=2,
        kind=AlertKind.RESTRICTION,
        cause=f"halt {sample.GME}",
        severity=Severity.WARNING,
        text="GME is halted: nothing trades, stops wait, and it may reopen far away.",
        since=sample.ago(125),
        time=sample.ago(125),
        con_id=sample.GME,
        lasting=True,
    ),
    Alert(
        number=3,
        kind=AlertKind.POSITION,
        cause=f"{sample.ACCOUNT} {sample.TSLA}",
        severity=Severity.ALARM,
        text="TSLA −50 has no stop any more: add one, or close the position ( x ).",
        since=sample.ago(70),
        time=sample.ago(70),
        con_id=sample.TSLA,
        lasting=True,
    ),
    Alert(
        number=4,
        kind=AlertKind.ORDER,
        cause=OrderState.UNKNOWN,
        severity=Severity.ALARM,
        text="#7 BUY 100 NVDA 141.20: sent 10:30:24, no answer. It may be working. It counts as 100 bought. "
        "Don't send it again; next check in 12 s.",
        since=sample.ago(24),
        time=sample.ago(24),
        con_id=sample.NVDA,
        order_ref=sample.UNKNOWN.order_ref,
    ),
)
"""What went wrong that morning."""

TROUBLE = replace(sample.TROUBLE, alerts=ALERTS)
"""The same morning with one order of unknown outcome, one that is held, and alerts of what went wrong."""
