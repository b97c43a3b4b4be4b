"""Core's figures for a monitoring program, for as long as core runs and if a person asked for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.bootstrap.metrics_board import MetricsBoard
from core.bootstrap.metrics_server import HOST, PATH, MetricsServer
from core.execution.service import ExecutionService
from core.link.wire import BUILD

log = logging.getLogger(__name__)


@asynccontextmanager
async def metrics_served(port: int, service: ExecutionService, tell: Callable[[str], None]) -> AsyncIterator[None]:
    """Serve them on a port of 127.0.0.1 until the end of the block; 0 serves nothing.

    Where the port can't be had, `tell` is told, and core goes on without.
    """
    if not port:
        yield
        return
    board = MetricsBoard(service.snapshot(), BUILD)
    service.add_sink(board)
    server: MetricsServer | None = None
    try:
        server = await asyncio.to_thread(_start, board, port)
        log.info("metrics at http://%s:%d%s", HOST, port, PATH)
    except OSError as error:
        tell(
            f"No metrics are served: port {port} of {HOST} can't be had ({error.strerror}). "
            "End the program that has it, or set metrics.port to another one, then start core again."
        )
    try:
        yield
    finally:
        service.remove_sink(board)
        if server is not None:
            await asyncio.to_thread(server.stop)


def _start(board: MetricsBoard, port: int) -> MetricsServer:
    # Imported here, in a thread: most runs serve nothing, and none waits for it.
    from core.bootstrap.exposition import exposition

    server = MetricsServer(port, lambda: exposition(board))
    server.start()
    return server
