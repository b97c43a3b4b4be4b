"""The broker's own profit figures: one subscription for each account and for each position."""

from __future__ import annotations

from ib_async.client import Client

from core.broker.outgoing import wire_text
from core.broker.registry import Registry
from core.broker.translate import number
from core.domain.reports import PnlReport, RequestKind


class Profits:
    """Subscriptions to reqPnL and reqPnLSingle of one connection."""

    def __init__(self, registry: Registry) -> None:
        """Starts without any."""
        self._registry = registry
        self._ids: dict[tuple[str, int], int] = {}
        self._about: dict[int, tuple[str, int]] = {}

    def watch(self, client: Client, account: str, con_id: int) -> None:
        """Ask for an account's figures, or with a `con_id` for those of one position; once for each."""
        key = wire_text(account), con_id
        if key in self._ids:
            return
        request_id = self._registry.take_for(RequestKind.QUERY)
        self._ids[key], self._about[request_id] = request_id, key
        if con_id:
            client.reqPnLSingle(request_id, account, "", con_id)
        else:
            client.reqPnL(request_id, account, "")

    def unwatch(self, client: Client, account: str, con_id: int) -> None:
        """End a subscription; does nothing when there is none."""
        request_id = self._ids.pop((account, con_id), None)
        if request_id is None:
            return
        del self._about[request_id]
        if con_id:
            client.cancelPnLSingle(request_id)
        else:
            client.cancelPnL(request_id)

    def report(self, request_id: int, daily: float, unrealized: float, realized: float) -> PnlReport | None:
        """What a message says; None for one that nobody asked for. Sentinels (the largest double) become None."""
        about = self._about.get(request_id)
        if about is None:
            return None
        account, con_id = about
        return PnlReport(
            account=account,
            con_id=con_id,
            daily=number(daily),
            unrealized=number(unrealized),
            realized=number(realized),
        )
