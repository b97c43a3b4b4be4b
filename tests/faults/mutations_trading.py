"""The guarded lines of the trading state: the kill switch and the limit of the day's loss."""

from __future__ import annotations

from tests.faults.mutation import Mutation

_SWITCH = "tests/faults/test_kill_switch.py"

TRADING = (
    Mutation(
        66,
        "cancels without blocking first",
        "core/execution/halting.py",
        (
            (
                "        if block != before:\n            self._put(block)\n            if before is None:\n",
                "        if block != before:\n            if before is None:\n",
            ),
        ),
        _SWITCH,
    ),
    Mutation(
        66,
        "forgets after a reconnect what could not be cancelled",
        "core/execution/kill.py",
        (
            (
                "        if self.killed is not None:\n            self._cancel()\n",
                "        if self.killed is None:\n            self._cancel()\n",
            ),
        ),
        _SWITCH,
        "disconnected",
    ),
    Mutation(
        66,
        "does not go on cancelling after a restart",
        "core/execution/service.py",
        (("        self._kill.recover()\n", ""),),
        _SWITCH,
        "survives",
    ),
    Mutation(
        66,
        "leaves no mark where the journal can't be written",
        "core/execution/kill.py",
        (("        self._mark.set(scope)\n", ""),),
        _SWITCH,
        "full_disk",
    ),
    Mutation(
        66,
        "cancels what protects a position",
        "core/execution/kill.py",
        (
            (
                "                if self._protects(order):\n",
                "                if self._protects(order) and not order.is_live:\n",
            ),
        ),
        _SWITCH,
        "spares",
    ),
    Mutation(
        72,
        "forgets the day's loss at a restart",
        "core/domain/trading.py",
        (("Cause.INCIDENT, Cause.DAILY_LOSS)", "Cause.INCIDENT)"),),
        _SWITCH,
    ),
    Mutation(
        72,
        "takes a profit that is not known for none",
        "core/risk/daily_loss.py",
        (("    return LossFound(unknown=mask_accounts(unknown))", "    return LossFound()"),),
        "tests/execution/test_daily_loss.py",
    ),
)
"""Every one of them must turn a test of its row red."""
