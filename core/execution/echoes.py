"""What the broker has said before, word for word: each reading of its books repeats all of it."""

from __future__ import annotations

from core.domain.executions import Execution
from core.domain.reports import CommissionReport, CompletedOrderReport, ExecutionReport, OpenOrderReport, Report

_Said = OpenOrderReport | CompletedOrderReport | CommissionReport | Execution


class Echoes:
    """Knows the last word on each order, fill and commission, so that no repetition is written down again."""

    def __init__(self) -> None:
        """Nothing has been said yet."""
        self._last: dict[tuple[str, str], _Said] = {}

    def repeats(self, report: Report) -> bool:
        """True if the report says what the last one on the same thing said; from then on it is the last one.

        Statuses and errors are never taken for repetitions: they are few, and each may mean something.
        """
        match report:
            case OpenOrderReport():
                return self._is_last(("open", f"{report.perm_id} {report.client_id} {report.order_id}"), report)
            case CompletedOrderReport():
                return self._is_last(("completed", f"{report.perm_id} {report.order_ref}"), report)
            case ExecutionReport(execution=execution):
                # Whether it came by itself or as an answer makes it no other fill.
                return self._is_last(("fill", execution.exec_id), execution)
            case CommissionReport():
                return self._is_last(("commission", report.exec_id), report)
            case _:
                return False

    def _is_last(self, key: tuple[str, str], said: _Said) -> bool:
        if self._last.get(key) == said:
            return True
        self._last[key] = said
        return False
