"""The limits in force and the changes that wait, as the journal alone gives them."""

from __future__ import annotations

from core.domain.limit_changes import LimitAsked, LimitChanged, LimitEntry, LimitsBegun, LimitWaiting, LimitWithdrawn


class LimitRecord:
    """The fold of the entries about limits."""

    def __init__(self, said: dict[str, str] | None = None, waiting: tuple[LimitWaiting, ...] = ()) -> None:
        """As a summary has them."""
        self.said = None if said is None else dict(said)
        """What is in force by name; None before the first run that recorded it."""
        self.waiting = {one.name: one for one in waiting}

    def copy(self) -> LimitRecord:
        """Another one that shares nothing with this."""
        return LimitRecord(self.said, tuple(self.waiting.values()))

    def apply(self, entry: LimitEntry) -> None:
        """Take one more entry in."""
        match entry:
            case LimitsBegun(said=said):
                self.said = dict(said)
            case LimitChanged(name=name, new=new):
                said = {} if self.said is None else self.said
                said.pop(name, None)
                if new is not None:
                    said[name] = new
                self.said = said
                self.waiting.pop(name, None)
            case LimitAsked(waiting=waiting):
                self.waiting.pop(waiting.name, None)
                self.waiting[waiting.name] = waiting
            case LimitWithdrawn(name=name):
                self.waiting.pop(name, None)
