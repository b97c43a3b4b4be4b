"""The order plane as a door of the table: intents on a bus in memory, and what the reports say of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType
from typing import NamedTuple, Self
from uuid import uuid4

from core.api import DeskClient, attach
from core.domain.denials import DenialCode
from core.domain.orders import OrderRequest, OrderSpec, OrderType, Terms
from core.domain.published import PublishedStatus
from core.orderplane.contracts import ExecutionReport
from core.orderplane.memory_bus import MemoryHub
from core.orderplane.notes import order_ref_of
from core.orderplane.orchestrator import OrderPlane, OrderPlaneOptions
from tests.warp.harness import Floor

PLANE = "order-plane"
"""How the order plane calls itself."""
_TYPES = {OrderType.LMT: "LIMIT", OrderType.MKT: "MARKET", OrderType.STP: "STOP", OrderType.STP_LMT: "STOP_LIMIT"}
_CARRIED = {"quantity", "order_type", "limit_price", "stop_price", "tif", "side"}
"""What an intent says of an order's terms; all else must be at its default."""
_ASIDE = {"INTENT", "STALE"}
"""What the order plane itself refuses for, beside core's codes."""


class Answer(NamedTuple):
    """What came of asking."""

    ok: bool
    code: str
    """Of the refusal; empty if there was none."""
    order_ref: str


class PlaneDoor:
    """One order plane at the core of a floor."""

    def __init__(self, floor: Floor) -> None:
        """Attaches when it is entered."""
        self._floor = floor
        self._hub = MemoryHub()
        self._journal = floor.socket.parent.parent / "journal.db"
        self._plane = OrderPlane(
            self._hub.consumer(), self._connect, lambda client: client.close(), OrderPlaneOptions(journal=self._journal)
        )
        self._reports: dict[str, ExecutionReport] = {}
        self._news = asyncio.Event()
        self._attached = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def client(self) -> str:
        """The name of its client at core."""
        return self._plane.client

    async def __aenter__(self) -> Self:
        """Start, and wait until core knows it."""
        self._tasks = [asyncio.create_task(self._plane.run()), asyncio.create_task(self._read())]
        await self._attached.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self._plane.stop()
        running, reading = self._tasks
        await running
        reading.cancel()

    async def _connect(self) -> DeskClient:
        client = await attach(self._floor.socket, PLANE)
        self._attached.set()
        return client

    async def _read(self) -> None:
        async for _, body in self._hub.reports():
            report = ExecutionReport.model_validate_json(body)
            self._reports[str(report.intent_id)] = report
            self._news.set()

    async def ask(self, request: OrderRequest, said: Mapping[str, object]) -> Answer:
        """Have a request placed. Raises AssertionError for what no intent can say."""
        intent_id = str(uuid4())
        order_ref = order_ref_of(self._floor.service.instance, intent_id)
        await self._hub.ask(self._intent(intent_id, request, said))
        while True:
            report = self._reports.get(intent_id)
            if report is not None and report.status is PublishedStatus.REJECTED:
                code = (report.reject_reason or "").partition(":")[0]
                # What core recorded and then did not send, it tells by the order's state and a note.
                return Answer(ok=False, code=code if code in {*DenialCode, *_ASIDE} else "DENIED", order_ref=order_ref)
            if report is not None and report.status is not PublishedStatus.PENDING:
                return Answer(ok=True, code="", order_ref=order_ref)
            self._news.clear()
            await self._news.wait()

    def _intent(self, intent_id: str, request: OrderRequest, said: Mapping[str, object]) -> bytes:
        kept = {name: getattr(request, name) for name in OrderSpec.__struct_fields__ if name not in _CARRIED}
        plain = Terms(quantity=Decimal(1))
        odd = [name for name, value in kept.items() if value and value != getattr(plain, name, None)]
        assert not odd, f"an intent has no field for {', '.join(odd)}"
        known = {instrument.con_id: instrument.symbol for instrument in self._floor.snapshot.instruments}
        words = {
            "event_type": "order_intent",
            "intent_id": intent_id,
            "symbol": known.get(request.con_id, "MSFT"),
            "con_id": request.con_id,
            "direction": request.side,
            "quantity": str(request.quantity),
            "order_type": _TYPES.get(request.order_type, request.order_type),
            "limit_price": None if request.limit_price is None else str(request.limit_price),
            "stop_price": None if request.stop_price is None else str(request.stop_price),
            "timestamp": datetime.now(UTC).isoformat(),
            "strategy_id": "TABLE",
            "time_in_force": request.tif,
            "account": request.account,
            **_said(said),
        }
        return json.dumps(words).encode()


def _said(said: Mapping[str, object]) -> dict[str, object]:
    """What a strategy says of questions."""
    unsaid = said.keys() - {"short", "confirms", "typed_quantity"}
    assert not unsaid, f"an intent has no field for {', '.join(unsaid)}"
    confirms = said.get("confirms", ())
    assert confirms in ((), (DenialCode.DUPLICATE,)), f"an intent can't confirm {confirms}"
    return {"short": bool(said.get("short")), "repeat": bool(confirms)}
