"""The twenty-eight controls by number, in a few words each.

Source: SEC rule 15c3-5, articles 12 and 15 of Regulation (EU) 2017/589 (RTS 6), and FIA's recommendations on
automated trading risk controls, brought together for a private trader's desk.
"""

from __future__ import annotations

NUMBERS: dict[int, str] = {
    1: "Maximum quantity of an order",
    2: "Maximum value of an order, in the base currency",
    3: "Price collar and tick",
    4: "Price collar over a period",
    5: "Duplicate order",
    6: "Message throttle",
    7: "Repeated automated execution",
    8: "Maximum open orders",
    9: "Value of unexecuted orders",
    10: "Position limit, worst case",
    11: "Margin",
    12: "Daily loss",
    13: "Budgets of the day",
    14: "Fat finger",
    15: "Kill switch",
    16: "Trading state",
    17: "Cancel on disconnect",
    18: "Symbols, classes and exchanges",
    19: "Short sale",
    20: "Reduce only",
    21: "Session, halt, expiry",
    22: "Numbers and texts that can be sent",
    23: "Authorised access",
    24: "Account",
    25: "Connected, reconciled, recorded",
    26: "Changes are judged as new orders",
    27: "Fills against positions",
    28: "Limits are changed on record",
}
"""What each number stands for."""
