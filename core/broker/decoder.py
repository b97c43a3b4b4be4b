"""Frames to callbacks: ib_async's decoder, without its habit of losing what it can't read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ib_async.decoder import Decoder

from core.domain.reports import BadFrameReport
from core.text import clean, mask_accounts

if TYPE_CHECKING:
    from core.broker.callbacks import Callbacks

log = logging.getLogger(__name__)

ORDER_MESSAGES = frozenset({3, 4, 5, 11, 59, 101})
"""orderStatus, error, openOrder, execDetails, commissionReport, completedOrder: to lose one is to misjudge an order."""

WANTED = frozenset(
    {1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 15, 45, 49, 52, 53, 54, 55, 58, 59, 61, 62, 79, 93, 94, 95, 101, 102},
)
"""Messages that ibdesk reads; the others that the protocol has are skipped unread."""

READ = WANTED | {12, 13, 17, 50, 63, 64, 73, 74, 75, 76, 88, 90, 99}
"""Those, and what was asked for of depth, bars, ticks, option chains, further accounts and account summaries."""

MAX_LOGGED = 20
"""Bad frames of one connection that are logged with their traceback; the rest are counted only."""

_UNSET = "1.7976931348623157E308"
_ANY_TIME = "0"
"""Seconds of an epoch, which ib_async reads quickest."""
_TIME_FIELD = 15


class WireDecoder(Decoder):
    """Calls the methods of `Callbacks`. A frame that fails is counted and reported, and the next one is read."""

    def __init__(self, callbacks: Callbacks, server_version: int = 0) -> None:
        """`server_version` 0 means not negotiated yet."""
        # ib_async names its own Wrapper here; anything with the methods of the wanted messages serves.
        wrapper: Any = callbacks
        super().__init__(wrapper, server_version)
        self.callbacks = callbacks
        self.bad_frames = 0
        self._wanted: dict[str, Callable[[list[str]], None]] = {
            str(message_id): handler for message_id, handler in self.handlers.items() if message_id in READ
        }
        self._skipped = frozenset(str(message_id) for message_id in self.handlers if message_id not in READ)

    def interpret(self, fields: list[str]) -> None:
        """Decode one frame and call back. Never raises."""
        try:
            handler = self._wanted.get(fields[0])
            if handler is not None:
                handler(fields)
            elif fields[0] not in self._skipped:
                raise ValueError(f"no such message: {fields[0]!r}")
        except Exception as error:
            self.bad_frames += 1
            if self.bad_frames <= MAX_LOGGED:
                log.exception("bad frame: %s", mask_accounts(clean(repr(fields[:40]))))
            self._report(fields, error)

    def wrap(self, methodName: str, types: list[type], skip: int = 2) -> Callable[[list[str]], None]:
        """A handler that reads fields by type and calls `methodName`; unlike ib_async's own it raises."""
        method: Callable[..., None] | None = getattr(self.wrapper, methodName, None)

        def handler(fields: list[str]) -> None:
            if method is None:
                return
            if len(fields) - skip < len(types):
                raise ValueError(f"{len(fields)} fields are too few")
            method(*(_read(kind, field) for kind, field in zip(types, fields[skip:], strict=False)))

        return handler

    def priceSizeTick(self, fields: list[str]) -> None:
        """Price ticks, the bulk of all frames: read by us, exactly and without detours."""
        _, _, request_id, tick_type, price, size, *_ = fields
        self.callbacks.price_tick(int(request_id), tick_type, price, size)

    def execDetails(self, fields: list[str]) -> None:
        """A fill. Its time is read by us: ib_async raises on zones that it does not know, which would lose the fill."""
        self.callbacks.exec_time = fields[_TIME_FIELD]
        Decoder.execDetails(self, [*fields[:_TIME_FIELD], _ANY_TIME, *fields[_TIME_FIELD + 1 :]])

    def commissionReport(self, fields: list[str]) -> None:
        """A commission; empty means unset, which ib_async would read as 0."""
        Decoder.commissionReport(self, [*fields[:3], fields[3] or _UNSET, fields[4], fields[5] or _UNSET, *fields[6:]])

    def updatePortfolio(self, fields: list[str]) -> None:
        """A position's money; empty figures mean unset, on which ib_async would raise."""
        Decoder.updatePortfolio(self, [*fields[:13], *(field or _UNSET for field in fields[13:19]), *fields[19:]])

    def _report(self, fields: list[str], error: Exception) -> None:
        message_id = int(fields[0]) if fields and fields[0].isascii() and fields[0].isdigit() else None
        detail = clean(f"{type(error).__name__}: {error}", limit=200)
        self.callbacks.report(
            BadFrameReport(message_id=message_id, order_related=message_id in ORDER_MESSAGES, detail=detail)
        )


def _read(kind: type, field: str) -> Any:
    if kind is str:
        return field
    if kind is bool:
        return bool(int(field or 0))
    return kind(field or 0)
