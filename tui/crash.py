"""What is left on the terminal when the desk stops on an error of its own."""

from __future__ import annotations

import traceback

from core.text import mask_accounts

ADVICE = """\
The desk stopped on an error of its own. Orders are not in it: core holds them, and what works at the broker works on.
Start ibdesk again to see them. The lines above help whoever mends it; account numbers in them are masked."""


def crash_report(error: BaseException) -> str:
    """The traceback without values of variables, accounts masked, and what to do next."""
    lines = "".join(traceback.format_exception(error))
    return f"{mask_accounts(lines)}\n{ADVICE}\n"
