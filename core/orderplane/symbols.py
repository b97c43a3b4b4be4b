"""From an intent's symbol to the one contract that it means."""

from __future__ import annotations

import asyncio

from core.api import DeskClient
from core.domain.denials import DenialCode
from core.domain.instruments import Instrument
from core.errors import OrderValueError
from core.orderplane.contracts import OrderIntent
from core.orderplane.view import View
from core.scripting.symbols import known_as, watched

QUOTE_SECONDS = 5.0
"""How long the first order of a symbol waits for its first quote: without one core's controls can't judge its price."""


class Symbols:
    """Finds contracts; intents that mean the same one share a search."""

    def __init__(self, client: DeskClient, view: View) -> None:
        """`view` follows the same core as `client`."""
        self._client = client
        self._view = view
        self._searches: dict[str, asyncio.Task[Instrument]] = {}

    async def find(self, intent: OrderIntent) -> Instrument:
        """The contract of an intent, on the watchlist and quoted as far as it can be.

        Raises OrderValueError if it names none or several, NotConnectedError, BrokerError, LinkError.
        """
        name = intent.symbol if intent.con_id is None else str(intent.con_id)
        known = known_as(name, self._view.instruments.values())
        if known is None or self._view.quote(known.con_id) is None:
            known = await self._shared(name if known is None else str(known.con_id))
        if intent.symbol.upper() not in {known.symbol.upper(), known.label.upper()}:
            text = f"Contract {known.con_id} is {known.label}, not {intent.symbol}. Nothing was placed."
            raise OrderValueError(text, DenialCode.UNKNOWN_INSTRUMENT)
        return known

    async def _shared(self, name: str) -> Instrument:
        search = self._searches.get(name)
        if search is None:
            search = self._searches[name] = asyncio.create_task(self._searched(name))
            search.add_done_callback(lambda _: self._searches.pop(name, None))
        # An intent that is given up must not end the search for the others.
        return await asyncio.shield(search)

    async def _searched(self, name: str) -> Instrument:
        instrument = await watched(self._client, name)
        self._view.learn(instrument)
        await self._view.until(lambda: self._quoted(instrument.con_id), QUOTE_SECONDS)
        return instrument

    def _quoted(self, con_id: int) -> bool:
        quote = self._view.quote(con_id)
        return quote is not None and quote.tradable
