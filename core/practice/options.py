"""How a practice gateway runs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

DEFAULT_ACCOUNT: Final = "DU1234567"
DEFAULT_CASH: Final = Decimal(100_000)
DEFAULT_LINES: Final = 100


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """How a practice gateway runs; it only ever listens on 127.0.0.1."""

    #: 0 lets the system choose one.
    port: int = 0
    #: Same seed, same market. A state folder that has a market keeps its own seed.
    seed: int = 1
    #: How many instruments there are at least, made-up stocks beyond those that are listed.
    instruments: int = 0
    account: str = DEFAULT_ACCOUNT
    #: Further accounts that it manages.
    others: tuple[str, ...] = ()
    #: Cash of a new account, in USD.
    cash: Decimal = DEFAULT_CASH
    #: Folder of the state file; None keeps everything in memory.
    state: Path | None = None
    #: End this many seconds after the last client left, or after the start if none came; None never ends.
    idle_exit: float | None = None
    #: File descriptor that gets one line of JSON once the gateway listens, then is closed; None for none.
    ready_fd: int | None = None
    #: Whether a client may cancel another client's order by its id; if not, error 10147 answers.
    cancels_foreign: bool = True
    #: How many of the last requests `PracticeGateway.received` remembers.
    keep_frames: int = 0
    #: Seconds a client may take from connecting to startApi.
    greeting_seconds: float = 10.0
    #: ``always``: the market never closes; ``exchange``: orders wait for the regular hours of their exchange, unless
    #: they may trade outside them.
    hours: str = "always"
    #: Name of the latency profile, see core.practice.latency.
    latency: str = "0"
    #: Faults armed from the start, as ``NAME``, ``NAME=ARG`` or ``NAME=ARG*TIMES``, see core.practice.faults.
    faults: tuple[str, ...] = ()
    #: Whether orders, and requests for them, are refused as by a gateway whose API is read-only.
    readonly: bool = False
    #: Messages a second from one client before error 100 and the end of its connection, real gateways take 50; a
    #: client that greeted with +PACEAPI is slowed down instead. 0 is no limit.
    pacing: int = 0
    #: Market data lines of each client, beyond which error 101 answers.
    lines: int = DEFAULT_LINES
    #: Seconds after which a client that does not read is cut.
    unread_seconds: float = 30.0

    #: Seconds of the market in one of the clock, 1 to 60; beyond 1 the market keeps a time of its own.
    speed: float = 1.0
    #: File of a recorded market to play instead of the simulated one, see core.practice.replay_file.
    replay: Path | None = None
    #: Whether the market stands still until it is told to go on.
    paused: bool = False

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account that it manages, each once."""
        return tuple(dict.fromkeys((self.account, *self.others)))
