"""The connector guide's market data, adapted: bars by symbol, size and duration."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core import Broker, Desk
from core.domain.charts import BarSize
from core.errors import OrderValueError


@pytest.mark.covers("D4.3")
async def test_bars_of_a_symbol_by_size_and_duration(practice: Broker) -> None:
    async with Desk(name="bars") as desk:
        history = await desk.bars("AAPL", size="1 min", duration="1 D")

        assert (history.request.size, history.stale, history.problem) == (BarSize.MINUTE, False, "")
        assert len(history.bars) > 300
        bar = history.bars[-1]
        assert Decimal(0) < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.volume is not None
        times = [one.time for one in history.bars]
        assert times == sorted(set(times))

        with pytest.raises(OrderValueError, match=r"'7 mins' is no length of a bar\. There are 5 secs"):
            await desk.bars("AAPL", size="7 mins")
        with pytest.raises(OrderValueError, match="NOSUCHTHING"):
            await desk.bars("NOSUCHTHING")
