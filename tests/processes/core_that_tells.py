"""`python -m tests.processes.core_that_tells`: core, which writes down every address that it connects to.

No port is bound for it, so that it does not matter what else runs on this machine.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from core.bootstrap.main import main

FILE = "ADDRESSES"
"""The variable that names the file; it gets one line for each connection over TCP that is begun."""


def tell(event: str, arguments: tuple[object, ...]) -> None:
    """Python's own hook, called before the kernel is."""
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple):
            with Path(os.environ[FILE]).open("a") as file:
                file.write(f"{address[0]}:{address[1]}\n")


if __name__ == "__main__":
    Path(os.environ[FILE]).touch()
    sys.addaudithook(tell)
    sys.exit(main(sys.argv[1:]))
