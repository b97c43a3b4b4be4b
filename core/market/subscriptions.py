"""Which instruments get the account's market data lines, and how fast lines change hands."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

DWELL_SECONDS = 0.15
"""A row must stay in sight so long to take a line from another: scrolling past it moves nothing."""

PROBE_SECONDS = 180.0
"""After the account had no line left, one more is tried so much later, and after each further refusal twice as late."""
LONGEST_PROBE = 3600.0

FRAME_WINDOW = 1.025
"""Seconds over which our frames are counted: a second as the gateway sees it, with room for jitter on the way."""


class Step(NamedTuple):
    """What to do now, in this order, and when to look again."""

    drop: tuple[int, ...]
    """Their lines are given up."""
    take: tuple[int, ...]
    """They get a line."""
    again_in: float | None
    """Seconds until another step may do more; None when nothing waits."""


class LineBudget:
    """Decides who has a line. Pure: it is told the time and what is wanted, and answers with steps.

    First come instruments at stake (held or with live orders), then what viewers look at, then the rest. A line is
    taken away only to make room for something that comes before it, longest unseen first, or when nobody wants it.
    """

    def __init__(self, lines: int, frames_per_second: int) -> None:
        """`lines` is what the account has; a swap costs two frames, of which so many may leave in any second."""
        self._lines = self._most = lines
        self._probe_at = 0.0
        self._probe_pause = PROBE_SECONDS
        self._probed = False
        self._lent = 0
        self._frames_per_second = max(2, frames_per_second)
        self._frames: deque[float] = deque()
        self._rows: dict[str, dict[int, float]] = {}
        self._focus: dict[str, int] = {}
        self._last_seen: dict[int, float] = {}
        self._refused: set[int] = set()
        self.active: dict[int, None] = {}
        """Instruments that have a line, the longest first."""

    @property
    def lines(self) -> int:
        """How many lines there are to give; at least one, whatever is lent."""
        return max(1, self._lines - self._lent)

    def lend(self, count: int) -> None:
        """So many lines are taken by other subscriptions than these."""
        self._lent = count

    def see(self, viewer: str, con_ids: Iterable[int], now: float) -> None:
        """`viewer` has these in sight now, and nothing else."""
        before = self._rows.get(viewer, {})
        self._last_seen |= dict.fromkeys(before, now)
        self._rows[viewer] = {con_id: before.get(con_id, now) for con_id in con_ids}
        self._last_seen |= dict.fromkeys(self._rows[viewer], now)

    def focus(self, viewer: str, con_id: int) -> None:
        """`viewer` asked for this one by name: it counts as seen, at once, until it asks for another."""
        self._focus[viewer] = con_id
        self._refused.discard(con_id)

    def leave(self, viewer: str) -> None:
        """A viewer is gone."""
        self._rows.pop(viewer, None)
        self._focus.pop(viewer, None)

    def forget(self, con_id: int) -> None:
        """Nobody wants it any more, and its line has been given up."""
        self.active.pop(con_id, None)
        self._focus = {viewer: focus for viewer, focus in self._focus.items() if focus != con_id}
        for rows in self._rows.values():
            rows.pop(con_id, None)

    def refuse(self, con_id: int) -> None:
        """The broker ended a subscription; it is not asked for again until `restart` or `focus`."""
        self.active.pop(con_id, None)
        self._refused.add(con_id)

    def shrink(self, con_id: int, now: float) -> None:
        """The account's lines are used up, by other programs too: `con_id` gets none, and what is had is all there is.

        Lines come back one by one, each after a pause in which all that there are were used and none was refused.
        """
        self.active.pop(con_id, None)
        if self._probed:
            self._probe_pause = min(2 * self._probe_pause, LONGEST_PROBE)
        self._probed = False
        self._lines = max(1, min(self._lines, len(self.active) + self._lent))
        self._probe_at = now + self._probe_pause

    def restart(self, lines: int) -> None:
        """A new connection: no line is in use, and refusals are forgotten."""
        self._lines = self._most = lines
        self._probe_pause, self._probed = PROBE_SECONDS, False
        self.active.clear()
        self._refused.clear()

    def renew(self, now: float, con_ids: Collection[int] | None = None) -> tuple[int, ...]:
        """The broker lost these subscriptions, all for None: to be dropped now, and taken anew by later steps."""
        dropped = tuple(con_id for con_id in self.active if con_ids is None or con_id in con_ids)
        for con_id in dropped:
            del self.active[con_id]
        self._frames.extend([now] * len(dropped))
        return dropped

    def step(self, at_stake: Collection[int], watched: Sequence[int], able: Collection[int], now: float) -> Step:
        """What to change now.

        `at_stake` and `watched` are all that is wanted; only what is in `able` can be subscribed to already.
        """
        while self._frames and self._frames[0] <= now - FRAME_WINDOW:
            self._frames.popleft()
        self._probe(now)
        ranked, settles = self._rank(at_stake, watched, now)
        wanted = [con_id for con_id in ranked if con_id in able and con_id not in self._refused][: self.lines]
        missing = [con_id for con_id in wanted if con_id not in self.active]
        keep, order = set(wanted), {con_id: place for place, con_id in enumerate(ranked)}
        spare = sorted(self.active.keys() - keep, key=lambda con_id: order.get(con_id, len(order)))
        drop, take = [], []
        room = self._frames_per_second - len(self._frames)
        while spare and room and (spare[-1] not in order or len(self.active) > self.lines):
            drop.append(self._spend(spare.pop(), now))
            room -= 1
        while missing and room:
            if len(self.active) >= self.lines:
                if room < 2:
                    break
                drop.append(self._spend(spare.pop(), now))
                room -= 1
            take.append(self._spend(missing.pop(0), now))
            self.active[take[-1]] = None
            room -= 1
        left = bool(missing or (spare and (spare[-1] not in order or len(self.active) > self.lines)))
        frees = self._frames[0] + FRAME_WINDOW - now if left and self._frames else None
        moments = [moment for moment in (frees, settles) if moment is not None]
        return Step(tuple(drop), tuple(take), max(0.001, min(moments)) if moments else None)

    def _probe(self, now: float) -> None:
        """Give one line more where some were refused, none is left and the pause is over."""
        if self._lines < self._most and len(self.active) >= self.lines and now >= self._probe_at:
            if self._probed:
                self._probe_pause = PROBE_SECONDS
            self._lines += 1
            self._probed = True
            self._probe_at = now + self._probe_pause

    def _spend(self, con_id: int, now: float) -> int:
        self._frames.append(now)
        self.active.pop(con_id, None)
        return con_id

    def _rank(self, at_stake: Collection[int], watched: Sequence[int], now: float) -> tuple[list[int], float | None]:
        """Everything wanted, the most important first, and the seconds until a row that is new in sight counts."""
        viewers: Counter[int] = Counter(self._focus.values())
        waits = []
        for rows in self._rows.values():
            for con_id, since in rows.items():
                if con_id in self.active or since + DWELL_SECONDS <= now:
                    viewers[con_id] += 1
                else:
                    waits.append(since + DWELL_SECONDS - now)
        rest = sorted(
            (con_id for con_id in watched if con_id not in viewers),
            key=lambda con_id: (con_id not in self.active, -self._last_seen.get(con_id, 0.0)),
        )
        seen = [con_id for con_id, _ in viewers.most_common()]
        return list(dict.fromkeys([*sorted(at_stake), *seen, *rest])), min(waits, default=None)
