"""Control 6: no order is queued for long behind the pace at which IBKR takes messages."""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import Denial, DenialCode
from core.domain.orders import OrderRequest
from core.risk.circumstances import Circumstances, deny

_TENTH = Decimal("0.1")


def leaves_soon(_: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """An order or change that would wait for its turn on the wire longer than `queue_seconds`, by what waits now.

    What closes a position past KILL waits for its turn: a person gets out, however many cancels leave before.
    """
    wait, limit = Decimal(circumstances.queue_wait), circumstances.limits.queue_seconds
    if wait <= limit or circumstances.asked.past_kill:
        return None
    text = (
        f"Not sent: so many messages wait for their turn at IBKR's pace that it would leave in {wait.quantize(_TENTH)} "
        f"s; your limit is {limit.normalize():f} s. Look at the price in a moment, then send it again. Cancels pass."
    )
    return deny(DenialCode.THROTTLED, text, limit="queue_seconds")
