"""What a desk that attaches is shown of the orders, and what it can conclude from one that is missing."""

from __future__ import annotations

from datetime import timedelta

from tests.execution.clockwork import START, jumping
from tests.execution.reports import buy, filled, ref
from tests.execution.rig import rig


@jumping
async def test_what_ended_on_an_earlier_day_is_left_out_and_the_snapshot_says_since_when() -> None:
    async with rig() as first:
        await first.place()
        first.say(filled())
        await first.place(buy(2))
        ended = first.order().changed
        since = first.snapshot.since
        assert since is not None
        assert since <= ended
        rows = list(first.journal.rows)

    async with rig(entries=rows, start=START + timedelta(days=1)) as desk:
        assert [order.order_ref for order in desk.snapshot.orders] == [ref(2)]
        since = desk.snapshot.since
        assert since is not None
        assert since > ended, "who looks for it here must not take it for one that was never sent"
