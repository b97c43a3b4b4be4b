"""A desk with an error of its own: F2 raises it, with an account number and control codes in its text."""

from __future__ import annotations

import sys

from tests.tui import sample
from tests.tui.fake_desk import FakeDesk
from tui.app import DeskApp

TEXT = "DU1234567 \x1b]52;c;aGk=\x07\x9b31m\u202e[/bold][@click=app.leave]x[/] U7654321 is not there"


class FailingDesk(DeskApp, inherit_bindings=False):
    """Fails as soon as it is loaded."""

    def on_ready(self) -> None:
        """Leave a moment for the first frame."""
        account = "DU7654321"
        self.set_timer(0.5, lambda: self.fail(account))

    def fail(self, account: str) -> None:
        """The error."""
        raise ValueError(f"{account}: {TEXT}")


if __name__ == "__main__":
    app = FailingDesk(FakeDesk().connect, utc=lambda: sample.NOW)
    app.run()
    sys.exit(app.return_code)
