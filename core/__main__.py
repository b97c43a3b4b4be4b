"""`python -m core`: run the execution service of one profile."""

from __future__ import annotations

import sys

from core.bootstrap.main import main
from core.last_words import install

if __name__ == "__main__":
    install()
    sys.exit(main(sys.argv[1:]))
