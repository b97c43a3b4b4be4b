"""`python -m core.records`: see `core.records.keeper`."""

import sys

from core.records.keeper import main

sys.exit(main(sys.argv[1:]))
