"""A practice gateway in a process of its own, as a stranger would start it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.desk_home import DeskHome

_PATIENCE = 10.0


@asynccontextmanager
async def running_gateway(home: DeskHome, *options: str) -> AsyncIterator[int]:
    """`python -m core.practice` with more options; gives its port, ends it at the end."""
    ready, theirs = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "core.practice", "--port", "0", "--ready-fd", str(theirs), *options],
        env=home.env,
        pass_fds=(theirs,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    os.close(theirs)
    try:
        with os.fdopen(ready, "rb") as pipe:
            line = await asyncio.wait_for(asyncio.to_thread(pipe.readline), _PATIENCE)
        yield json.loads(line)["port"]
    finally:
        process.terminate()
        await asyncio.wait_for(asyncio.to_thread(process.wait), _PATIENCE)
