"""What may leave over the connection of a read-only profile: requests that only read, by the ids of their messages.

Source: the outgoing message ids of the TWS API. Everything that is not named here stays, whatever wrote it.
"""

from __future__ import annotations

READING: dict[bytes, str] = {
    b"1": "reqMktData",
    b"2": "cancelMktData",
    b"6": "reqAccountUpdates",
    b"7": "reqExecutions",
    b"9": "reqContractDetails",
    b"10": "reqMktDepth",
    b"11": "cancelMktDepth",
    b"16": "reqAllOpenOrders",
    b"20": "reqHistoricalData",
    b"25": "cancelHistoricalData",
    b"49": "reqCurrentTime",
    b"50": "reqRealTimeBars",
    b"51": "cancelRealTimeBars",
    b"59": "reqMarketDataType",
    b"61": "reqPositions",
    b"62": "reqAccountSummary",
    b"63": "cancelAccountSummary",
    b"71": "startApi",
    b"76": "reqAccountUpdatesMulti",
    b"78": "reqSecDefOptParams",
    b"81": "reqMatchingSymbols",
    b"87": "reqHeadTimeStamp",
    b"91": "reqMarketRule",
    b"92": "reqPnL",
    b"93": "cancelPnL",
    b"94": "reqPnLSingle",
    b"95": "cancelPnLSingle",
    b"97": "reqTickByTickData",
    b"98": "cancelTickByTickData",
    b"99": "reqCompletedOrders",
}
"""Every request that core makes of a gateway but placeOrder (3), cancelOrder (4) and reqGlobalCancel (58)."""

NOT_SENT = "This profile is read-only: nothing about orders leaves. Nothing was sent. Set readonly = false."

_LENGTH = 4
_MARKER = b"API\0"
"""How a client begins; as a length it would be that of a frame of a gigabyte."""


def refused(data: bytes) -> str:
    """The id of a frame that must not leave a read-only profile; empty for one that may.

    A frame must be one whole message: nothing travels behind another one. What has no id is named `unknown`.
    """
    if data.startswith(_MARKER):
        return ""
    body = data[_LENGTH:]
    name, end, _ = body.partition(b"\0")
    if end and name in READING and int.from_bytes(data[:_LENGTH], "big") == len(body):
        return ""
    return name.decode() if name.isdigit() and len(name) <= _LENGTH else "unknown"
