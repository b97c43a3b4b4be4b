"""`python -m tests.bench.beating_core BEATS ...`: core, with a heartbeat of its loop noted in the file BEATS."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from core.bootstrap.main import main
from core.bootstrap.serve import ib_broker
from core.clock import Clock
from core.ports import Broker, BrokerListener
from tests.bench.heartbeat import beat

_beating: set[asyncio.Task[None]] = set()


def _make(listener: BrokerListener, clock: Clock, pace: int) -> Broker:
    broker = ib_broker(listener, clock, pace)
    _beating.add(asyncio.get_running_loop().create_task(beat(Path(sys.argv[1])), name="heartbeat"))
    return broker


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], _make))
