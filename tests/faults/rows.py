"""The fault matrix: what can go wrong, and what must then be so. A test names its row with `@pytest.mark.row(23)`."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One fault."""

    number: int
    fault: str
    expected: str


_TEXT = """
1|SIGKILL before the INTENT commit|no order anywhere, nothing sent
2|SIGKILL after INTENT, before the socket write|UNKNOWN, never sent again, presumed not placed only by the trader's word
3|SIGKILL after the write, before the SENT row|found by order_ref, its truth adopted
4|SIGKILL after SENT, before the acknowledgement|found by order_ref; counted as exposure meanwhile
5|SIGKILL after the acknowledgement, before its row|permId learnt again, one order only
6|SIGKILL between execDetails and the row of the fill|fill recovered, counted once
7|SIGKILL between a fill and its commission|commission filled in later, shown as pending, not 0
8|SIGKILL during a cancel|the truth is asked; a fill wins
9|SIGKILL during a modify|the terms are the broker's
10|SIGKILL in a reconciliation or inside the recovery's write, ten times|same end state, no event twice
11|Power cut, unsynced writes dropped, at each write|no order on the wire without its INTENT on disk
12|Power cut with torn or reordered pages|opens, or refuses; never a silent subset of what was promised
13|Disk full at INTENT|not sent, halted, cancels still work, said clearly
14|Disk full after the send|new orders halted; recovered from the broker later
15|fsync fails once, then works|halted, nothing tried again, restart needed
16|Read-only journal or folder|view only, no orders
17|WAL cut by a byte, a page, a half|noticed by the side file; told, reconciled
18|WAL deleted, or an old copy put back|noticed by side file and broker; no id used again
19|A byte of the database flipped|the hash chain fails; never trusted
20|Database removed or replaced while open|noticed before each INTENT; halted
21|Second core on the same journal|refuses or attaches; no shared client id
22|Writer blocked for 30 s|screen alive, orders denied, nothing sent later
23|Broker to client cut at every byte, FIN and RST|all invariants at each offset
24|Stall at every frame boundary|the heartbeat trips; what is in flight becomes UNKNOWN; quotes are old
25|Client to broker cut inside placeOrder: arrived or not|the same UNKNOWN, then each truth
26|Orders queued for their turn when the connection goes|the unsent named exactly, none lost
27|Cancel behind a flood of 500 requests|on the wire within 100 ms; pacing kept
28|Order after 1100|denied before INTENT, no frame
29|1100, then 1102 with fills in the gap|every fill recovered, none twice
30|1101|subscribed anew, reconciled; prices old until fresh
31|1100 flapping a hundred times|no storm of reconciliations, pacing kept
32|Gateway restarts in the same second as an order|UNKNOWN; ids never used again
33|nextValidId rolls back|ids go on above the journal's high-water mark
34|Same order id, another permId, across sessions|nothing attributed wrongly
35|One order_ref, two live permIds|told by name, both shown, a cancel asks
36|Client id in use (326)|no id of our own choice; explained
37|Callbacks repeated|state unchanged
38|Callbacks reordered: execution first|attributed by order_ref and permId
39|Late Submitted after Filled|stays FILLED
40|Fill after Cancelled, Rejected or presumed not placed|FILLED with an incident, position right
41|Execution corrected or busted|replaces, does not add
42|Overfill|alarm
43|No orderStatus at all, only executions|FILLED from executions
44|No callback ever|UNKNOWN in time; never REJECTED
45|completedOrder without orderId and filled 0|matched by order_ref and permId
46|End marker missing, for each of the four books|not reconciled, orders off, the book named
47|Malformed, truncated or unknown frames|counted, told; about orders: reconciled
48|A length of 4 GiB|connection dropped, memory bounded
49|Every code for every kind of request, acknowledged or not|the class of the table; unknown changes nothing
50|10148 state Filled, and 10147|the truth is asked
51|Inactive: with 201, locate, precaution, bare|REJECTED, HELD, HELD, HELD
52|481 size reduced; price capped|quantity and price are the broker's
53|Modify refused (110, 201, 329)|live at the old terms
54|Parent filled, child refused|an alarm at once
55|Crash between the frames of parent and child|noticed at the restart
56|Orders of TWS itself or another client|EXTERNAL, counted, never cancelled by us
57|Order cancelled in TWS|mirrored, said to be from outside
58|Position changed without an execution|named, no fill invented
59|Restart after midnight with an UNKNOWN of yesterday|stays UNKNOWN; says that the books do not reach back
60|Wall clock jumps by an hour, a day, over DST|order by number, throttles monotonic
61|Suspended for eight hours|everything old; reconciled before an order
62|Event loop blocked for 10 s|told; no burst of timers
63|The screen crashes with orders working|core goes on; a new screen shows the same
64|Core dies under a screen|disconnected, entry off, last values stamped
65|Enter twice, key repeat, paste|one order_ref is one order
66|Kill switch mid-burst, disconnected, disk full, reconciling|blocks at once, cancels when it can, survives a restart
67|Stale, crossed, zero or NaN quote for the collar|denied
68|NaN, infinite, negative, huge, too precise numbers|denied, never framed
69|What-if unanswered or its flag lost|never an order
70|Live gateway behind a paper port, login switched, mixed or no accounts|refused before any order can be
71|Hostile strings from outside|harmless, bounded
72|Daily loss reached while disconnected; restart|REDUCING persists
73|Journal of an older or newer schema|migrated with a backup, or refused
74|Out of descriptors or file size|halted, then ended; journal intact
75|Seeded soak of all of it|safe always, converges after healing
"""


def _read() -> dict[int, Row]:
    lines = (line.split("|") for line in _TEXT.strip().splitlines())
    return {int(number): Row(int(number), fault, expected) for number, fault, expected in lines}


ROWS = _read()
"""Every row by its number."""

NOT_HERE: dict[int, str] = {}
"""Rows that can't be proven here, with the reason."""
