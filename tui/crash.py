"""What is left on the terminal when the desk stops on an error of its own."""

from __future__ import annotations

from core.text import masked_traceback

LONGEST_LINE = 300
ADVICE = """\
The desk stopped on an error of its own. Orders are not in it: core holds them, and what works at the broker works on.
Start ibdesk again to see them. The lines above help whoever mends it; account numbers in them are masked."""


def crash_report(error: BaseException) -> str:
    """The traceback without values of variables, accounts masked, and what to do next."""
    from textual.worker import WorkerFailed

    cause = error.error if isinstance(error, WorkerFailed) else error
    return f"{masked_traceback(cause, LONGEST_LINE)}\n\n{ADVICE}"
