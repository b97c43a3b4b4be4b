"""Faults that real gateways show, switched on by name: at the start (``--fault NAME[=ARG]``) or while it runs.

A fault is only a name, an argument and how often it may still happen. The places where it happens ask `Faults.take`
at the moment that matters; what is not armed costs one look into an empty mapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple


class FaultError(ValueError):
    """A fault that can't be armed: unknown, or with an argument that makes no sense; the text says which."""


class Fault(NamedTuple):
    """What can go wrong, and what its argument means."""

    name: str
    #: What happens, in one line.
    says: str
    #: The argument where none is given; "" where there is none.
    default: str = ""
    #: What the whole argument must look like.
    pattern: str = ".*"


_SECONDS: Final = r"\d{1,5}(\.\d{1,3})?"
_NUMBER: Final = r"\d{1,9}"
_CUT: Final = rf"{_NUMBER}(,(rst|stall))?"
_LINK: Final = rf"{_SECONDS},{_SECONDS}(,(lost|kept))?"

#: Every fault, by name. What an order's client hears is said of the reports that come by themselves, not of answers.
FAULTS: Final = {
    fault.name: fault
    for fault in (
        # Reports of orders.
        Fault("late-exec", "execDetails and commission come ARG seconds after the status Filled", "0.5", _SECONDS),
        Fault("late-commission", "the commission report comes ARG seconds after its fill", "0.5", _SECONDS),
        Fault("no-commission", "no commission report comes with a fill"),
        Fault("no-order-status", "orderStatus never comes, or not for the status ARG"),
        Fault("no-open-order", "openOrder never comes by itself"),
        Fault("silent-order", "the order is taken and works, and nothing is ever said about it"),
        Fault("lost-order", "the order is never taken, and nothing is said about it"),
        Fault("duplicate", "every report of an order comes ARG times", "2", r"[2-9]"),
        Fault("shuffle", "the reports of one turn come in another order: executions first"),
        Fault("late-submitted", "the status Submitted comes once more, ARG seconds after Filled", "0.1", _SECONDS),
        Fault("exec-correction", "an execution is reported a tick off, then corrected by its next revision"),
        Fault("fill-after-cancel", "a cancel is confirmed, then the order fills all the same"),
        Fault("overfill", "the last fill of an order is ARG too large", "1", _NUMBER),
        Fault("exec-zone", "execution times carry the zone ARG", "Central European Standard Time", r"[ -~]{1,60}"),
        Fault("assignment", "ARG units more of what is held, and no fill, when positions are asked for", "50", _NUMBER),
        Fault("completed-unfilled", "completed orders say that nothing of them was filled"),
        Fault("lost-what-if", "a what-if order is never answered"),
        # Refusals and warnings.
        Fault("tif-preset", "error 10349 comes with an order without a time in force, which lives on"),
        Fault("modify-refused", "a change is refused by 201 and the order restated as it lives"),
        Fault("cancel-refused", "a cancel is refused by the code ARG and the order lives on", "10148", _NUMBER),
        Fault("order-error", "an order is met by the code ARG after its acknowledgement, and lives on", "399", _NUMBER),
        Fault("size-reduced", "an order's size is cut to ARG percent, warning 481", "50", r"[1-9]\d?"),
        Fault("price-capped", "an order's limit is moved ARG percent out of the market, said by 202", "1", r"[1-9]\d?"),
        Fault("inactive", "an order is said to be Inactive, held for ARG, until it fills or is cancelled", "locate"),
        Fault("child-refused", "an attached order is refused by 10006"),
        Fault("data-refused", "market data is refused by the code ARG", "354", _NUMBER),
        # Identity.
        Fault("id-in-use", "startApi is refused by 326"),
        Fault("next-id-rollback", "nextValidId is ARG lower than it should be", "4", _NUMBER),
        Fault("id-reuse", "the id of an order that ended opens a new order"),
        Fault("duplicate-live", "a change opens a second order beside the first"),
        Fault("managed-accounts", "managedAccounts says ARG", "", r"[ -~]*"),
        # The link behind the gateway: seconds until it goes, seconds until it is back, with data lost or kept.
        Fault(
            "link-lost",
            "error 1100 after ARG=AFTER,FOR seconds, then 1102, or 1101 with a third word lost",
            "5,10",
            _LINK,
        ),
        Fault(
            "farm-lost",
            "error 2103 after ARG=AFTER,FOR seconds, then 2104; no quote moves meanwhile",
            "5,10",
            rf"{_SECONDS},{_SECONDS}",
        ),
        # The socket.
        Fault("stall", "ARG seconds after a client's start nothing is read or written any more", "0", _SECONDS),
        Fault(
            "drop-mid-order",
            "placeOrder cuts the connection, ARG before or after the order is taken",
            "after",
            "before|after",
        ),
        Fault(
            "cut-out",
            "the connection is cut once ARG bytes were sent to the client; ARG,rst resets, ARG,stall stalls it",
            "100",
            _CUT,
        ),
        Fault("cut-in", "the connection is cut once ARG bytes came from the client", "100", _NUMBER),
        # Bytes.
        Fault("no-message", "no message named ARG is sent, an end marker for instance", "openOrderEnd"),
        Fault("bad-frame", "a message named ARG comes without its last field", "execDetails"),
        Fault("unknown-message", "a message with an id that nobody knows comes with each currentTime"),
        Fault("huge-frame", "a length of 4 GiB comes instead of a currentTime"),
        Fault("hostile-text", "errors, warnings, names and headlines carry terminal escapes and markup"),
        Fault(
            "bad-quote", "bids and asks are wrong: ARG crossed, zero, minus or nan", "crossed", "crossed|zero|minus|nan"
        ),
    )
}

_TEXT: Final = r"(?s)(?P<name>[a-z0-9-]+)(=(?P<argument>.*?))?(\*(?P<times>[1-9]\d{0,3}))?"


class Faults:
    """The faults that are armed now."""

    def __init__(self, given: Iterable[str] = ()) -> None:
        """Arm what is given, as `arm` does. Raises FaultError."""
        #: Argument and how often it may still happen, None without end, by name.
        self._armed: dict[str, tuple[str, int | None]] = {}
        for text in given:
            self.arm(text)

    def __bool__(self) -> bool:
        return bool(self._armed)

    def arm(self, text: str) -> None:
        """Arm ``NAME``, ``NAME=ARG`` or ``NAME=ARG*TIMES``; without TIMES it happens until disarmed.

        A fault that is armed already is armed anew. Raises FaultError.
        """
        read = re.fullmatch(_TEXT, text)
        fault = FAULTS.get(read["name"]) if read is not None else None
        if read is None or fault is None:
            raise FaultError(f"there is no fault {text[:60]!r}; there are {', '.join(FAULTS)}")
        argument = fault.default if read["argument"] is None else read["argument"]
        if not re.fullmatch(fault.pattern, argument):
            raise FaultError(f"fault {fault.name} can't have the argument {argument[:60]!r}: {fault.says}")
        self._armed[fault.name] = argument, int(read["times"]) if read["times"] else None

    def disarm(self, name: str) -> None:
        """Disarm one fault; nothing happens if it is not armed."""
        self._armed.pop(name, None)

    def clear(self) -> None:
        """Disarm every fault."""
        self._armed.clear()

    def armed(self, name: str) -> str | None:
        """Return the argument of a fault that would happen now, None if it would not; nothing is used up."""
        found = self._armed.get(name)
        return None if found is None else found[0]

    def take(self, name: str) -> str | None:
        """Return the argument of a fault that happens now, None if it does not; one of its times is used up."""
        found = self._armed.get(name)
        if found is None:
            return None
        argument, left = found
        if left == 1:
            del self._armed[name]
        elif left is not None:
            self._armed[name] = argument, left - 1
        return argument
