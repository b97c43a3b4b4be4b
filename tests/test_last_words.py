"""An error that nobody caught ends up on standard error without accounts, values and control codes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT
from tests.hostile import ACCOUNT, unclean

HOSTILE = r"of DU1234567 \x1b]52;c;aGk=\x07\x9b31m\u202e DU12\x0034567"
ENDS = {
    "main thread": f"secret = 'U7654321'; raise ValueError('{HOSTILE}')",
    "other thread": f"""
import threading
def fail():
    raise ValueError('{HOSTILE}')
thread = threading.Thread(target=fail)
thread.start()
thread.join()
""",
    "destructor": f"""
class Failing:
    def __del__(self):
        raise ValueError('{HOSTILE}')
Failing()
""",
}


@pytest.mark.parametrize("code", ENDS.values(), ids=ENDS)
def test_no_report_shows_an_account_or_drives_a_terminal(code: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", f"from core.last_words import install; install()\n{code}"],
        capture_output=True,
        cwd=ROOT,
        check=False,
        timeout=30,
    )
    said = ended.stderr.decode()

    assert "ValueError: of DU…567" in said
    assert not ACCOUNT.search(said)
    assert not [reason for line in said.split("\n") if (reason := unclean(line))]


def test_an_interrupt_says_nothing() -> None:
    code = "from core.last_words import install; install(); raise KeyboardInterrupt"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=False, timeout=30)

    assert (ended.stderr, ended.returncode != 0) == (b"", True)
