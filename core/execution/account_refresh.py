"""Figures of an account that nothing changes, which IBKR does not repeat: asked for before they are too old."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from core.clock import Clock
from core.domain.connection import LinkState
from core.domain.reports import AccountValueReport, Report
from core.errors import DeskError
from core.execution.state import DeskState
from core.ports import Broker

log = logging.getLogger(__name__)

RENEWED = 240.0
"""Seconds without any figure after which an account is asked about; the margin control takes them for 600."""
LOOK = 30.0
"""Seconds between two looks at their age."""


class AccountRefresher:
    """Asks for the account summary, once for all accounts; its figures are heard like those that come by themselves."""

    def __init__(
        self, broker: Broker, state: DeskState, clock: Clock, hear: Callable[[Sequence[Report]], None]
    ) -> None:
        """`hear` takes reports as from the broker."""
        self._broker = broker
        self._state = state
        self._clock = clock
        self._hear = hear

    async def run(self) -> None:
        """Look until cancelled. A summary that does not come leaves the figures as old as they are."""
        while True:
            await asyncio.sleep(LOOK)
            if self._state.connection.state is LinkState.READY and self._any_old():
                try:
                    await self._ask()
                except DeskError as error:
                    log.info("the account summary was not told: %s", error)

    def _any_old(self) -> bool:
        now = self._clock.utc()
        ages = [account.updated for account in self._state.accounts.values()]
        return any(told is not None and (now - told).total_seconds() >= RENEWED for told in ages)

    async def _ask(self) -> None:
        figures = await self._broker.account_summary()
        self._hear(
            [
                AccountValueReport(account=one.account, tag=one.tag, value=one.value, currency=one.currency)
                for one in figures
                if one.account in self._state.accounts
            ]
        )
