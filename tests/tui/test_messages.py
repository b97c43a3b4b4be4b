"""What the desk's messages have in common."""

from __future__ import annotations

from tui import messages


def test_no_message_bubbles_back_to_who_gives_it_out() -> None:
    """Each kind goes to its listeners alone."""
    kinds = [kind for kind in vars(messages).values() if isinstance(kind, type)]
    given_out = [kind for kind in kinds if issubclass(kind, messages.DeskMessage)]
    assert len(given_out) > 10
    assert [kind.__name__ for kind in given_out if kind.bubble] == []
