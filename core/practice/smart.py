"""What lies behind SMART: the exchanges it stands for, the letters they have in quotes, and who shows depth."""

from __future__ import annotations

from typing import Final

#: The name that stock quotes give the set of exchanges behind them.
BBO_EXCHANGE: Final = "9c0001"

#: Bit, exchange and letter of each exchange behind SMART, as the consolidated tape names them.
COMPONENTS: Final = (
    (0, "AMEX", "A"),
    (1, "ARCA", "P"),
    (2, "BATS", "Z"),
    (3, "BYX", "Y"),
    (4, "EDGEA", "J"),
    (5, "EDGX", "K"),
    (6, "IEX", "V"),
    (7, "ISLAND", "Q"),
    (8, "MEMX", "U"),
    (9, "NYSE", "N"),
)
LETTERS: Final = {exchange: letter for _, exchange, letter in COMPONENTS}

#: Exchange, security type, listing exchange, service and group of each place that shows depth. Deep2 tells who stands
#: in the book, Deep only how much.
DEPTH_EXCHANGES: Final = (
    ("ARCA", "STK", "ARCA", "Deep", 2),
    ("BATS", "STK", "BATS", "Deep", 2),
    ("EDGX", "STK", "EDGX", "Deep", 2),
    ("IEX", "STK", "IEX", "Deep", 2),
    ("ISLAND", "STK", "NASDAQ", "Deep2", 2),
    ("MEMX", "STK", "MEMX", "Deep", 2),
    ("NASDAQ", "STK", "NASDAQ", "Deep2", 2),
    ("NYSE", "STK", "NYSE", "Deep", 2),
    ("CBOE", "OPT", "CBOE", "Deep", 2),
    ("ISE", "OPT", "ISE", "Deep", 2),
    ("CME", "FUT", "CME", "Deep", None),
    ("CBOT", "FUT", "CBOT", "Deep", None),
    ("COMEX", "FUT", "COMEX", "Deep", None),
    ("NYMEX", "FUT", "NYMEX", "Deep", None),
    ("IDEALPRO", "CASH", "IDEALPRO", "Deep", 4),
)
#: Places whose book tells who stands in it.
WITH_MAKERS: Final = frozenset({"ISLAND", "NASDAQ"})
#: Who stands there.
MAKERS: Final = ("NSDQ", "CDRG", "GSCO", "JPMS", "MSCO", "UBSS", "VIRT")
