"""Lines that the fault matrix guards, each with what it would be like without them: a row must then fail."""

from __future__ import annotations

from tests.faults.mutation import Mutation
from tests.faults.mutations_trading import TRADING

_KILLS, _POWER = "tests/faults/test_kills.py", "tests/faults/test_power.py"
_LINKS, _MESSAGES, _CUTS = "tests/faults/test_links.py", "tests/faults/test_messages.py", "tests/faults/test_cuts.py"

_UNWRITTEN = "        except JournalError as error:\n            return self._none_sent"

MUTATIONS = (
    Mutation(
        11,
        "sends before the INTENT is on disk",
        "core/execution/orders.py",
        (
            (
                f"            await committing\n{_UNWRITTEN}",
                f"            await asyncio.sleep(0)\n{_UNWRITTEN}",
            ),
        ),
        _POWER,
        "no_order_is_on_the_wire",
    ),
    Mutation(
        11,
        "commits without a sync",
        "core/journal/database.py",
        (
            ('connection.execute("PRAGMA synchronous=FULL")', 'connection.execute("PRAGMA synchronous=NORMAL")'),
            ("_SYNCHRONOUS_FULL = 2", "_SYNCHRONOUS_FULL = 1"),
        ),
        _POWER,
        "power_cut_leaves",
    ),
    Mutation(
        13,
        "sends although the INTENT could not be written",
        "core/execution/orders.py",
        (
            ("            return self._none_sent(refs, _unrecorded(error))", "            del error"),
            (
                "        denial = self.gate(asked) or self._changed_since(verified)\n        for order, leg",
                "        denial = self._changed_since(verified)\n        for order, leg",
            ),
        ),
        _POWER,
        "halts_and_nothing_leaves",
    ),
    Mutation(
        2,
        "resolves UNKNOWN by itself",
        "core/execution/reconcile.py",
        (
            (
                "    return lose_touch(order, now, note=where_found(order, books, now))",
                '    return replace(order, state=type(order.state)("PRESUMED_NOT_PLACED"))',
            ),
        ),
        _KILLS,
    ),
    Mutation(
        2,
        "sends again what was asked for twice",
        "core/execution/orders.py",
        (("        if known is None and order_ref not in self._state.used_refs:", "        if True:"),),
        _KILLS,
        "K1",
    ),
    Mutation(
        3,
        "does not find its order by the reference",
        "core/execution/book.py",
        (("        if order_ref and order_ref in self._orders:", "        if False:"),),
        _KILLS,
    ),
    Mutation(
        4,
        "believes after a restart that what was sent is still on its way",
        "core/execution/service.py",
        (('        self._keeper.doubts.in_flight("no answer: core ended")', "        self._keeper.reconnect()"),),
        _KILLS,
    ),
    Mutation(
        5,
        "does not learn the permanent number",
        "core/execution/lifecycle.py",
        (
            (
                "    return replace(order, perm_id=perm_id) if perm_id and order.perm_id is None else order",
                "    return order",
            ),
        ),
        _KILLS,
    ),
    Mutation(
        6,
        "does not conclude from fills that answer a request",
        "core/execution/hearing.py",
        (
            (
                "        execution = report.execution\n",
                "        execution = report.execution\n        if not report.live:\n            return []\n",
            ),
        ),
        _KILLS,
    ),
    Mutation(
        7,
        "takes no commission that comes later",
        "core/execution/hearing.py",
        (("            commission=report.commission,\n", "            commission=None,\n"),),
        _KILLS,
    ),
    Mutation(
        9,
        "shows the terms of a change that never left",
        "core/execution/reconcile.py",
        (("    kept = with_old_terms(order)\n", "    kept = replace(order, previous=None)\n"),),
        _KILLS,
    ),
    Mutation(
        10,
        "writes the same fill down again",
        "core/execution/book.py",
        (
            (
                "known is not None and execution.exec_id == known.exec_id and execution.commission is None:",
                "known is None and execution.revision < 0:",
            ),
        ),
        _KILLS,
        "K9a",
    ),
    Mutation(
        24,
        "sends no heartbeat",
        "core/execution/keeper.py",
        (("                await self._beat()", "                await asyncio.sleep(0)"),),
        _CUTS,
        "stall and short",
    ),
    Mutation(
        26,
        "forgets what waited for its turn",
        "core/broker/pacer.py",
        (("            frame.fail(NotConnectedError(reason))\n", "            frame.is_first = False\n"),),
        _LINKS,
    ),
    Mutation(
        27,
        "lets a cancel wait behind everything",
        "core/broker/client.py",
        (('    "4": Lane.CANCEL,', '    "4": Lane.QUERY,'),),
        _LINKS,
    ),
    Mutation(
        28,
        "lets orders leave that had waited when 1100 came",
        "core/broker/pacer.py",
        (("        taken = list(lane)\n        lane.clear()\n", "        taken = list[Outgoing]()\n"),),
        _LINKS,
    ),
    Mutation(
        28,
        "takes orders after 1100",
        "core/execution/orders.py",
        (("        if connection.can_trade:\n", "        if connection.accounts:\n"),),
        _LINKS,
    ),
    Mutation(
        29,
        "does not read the books after 1102",
        "core/execution/session_news.py",
        (("                self._reconciler.distrust()\n", "                pass\n"),),
        _LINKS,
    ),
    Mutation(
        31,
        "reads the books as often as it is asked to",
        "core/execution/reconciler.py",
        (("READ_SECONDS = 3.0", "READ_SECONDS = 0.0"),),
        _LINKS,
    ),
    Mutation(
        33,
        "counts its order ids anew in every run",
        "core/broker/registry.py",
        (("        self._next = max(self._next, lowest)\n", "        return\n"),),
        _LINKS,
    ),
    Mutation(
        38,
        "attributes by the order id alone",
        "core/execution/book.py",
        (
            (
                "        if perm_id and perm_id in self._by_perm_id:\n",
                "        if order_ref:\n            return None\n        if perm_id and perm_id in self._by_perm_id:\n",
            ),
            ("        if order_ref and order_ref in self._orders:", "        if False:"),
        ),
        _MESSAGES,
    ),
    Mutation(
        39,
        "believes a status over executions",
        "core/domain/transitions.py",
        (("    (_S.FILLED, _T.ACCEPTED): _S.FILLED,", "    (_S.FILLED, _T.ACCEPTED): _S.WORKING,"),),
        _MESSAGES,
        "however",
    ),
    Mutation(
        40,
        "lets a cancel win over a fill",
        "core/domain/transitions.py",
        (("    (_S.CANCELLED, _T.FILLED): _S.FILLED,", "    (_S.CANCELLED, _T.FILLED): _S.CANCELLED,"),),
        _MESSAGES,
    ),
    Mutation(
        41,
        "adds a correction to what it corrects",
        "core/domain/executions.py",
        (
            (
                "    if dot and last.isascii() and last.isdigit():\n        return stem, int(last)\n",
                "    if dot and last.isascii() and last.isdigit():\n        return exec_id, int(last)\n",
            ),
        ),
        _MESSAGES,
    ),
    Mutation(
        42,
        "takes an overfill without a word",
        "core/execution/lifecycle.py",
        (("    if filled > order.whole:\n", "    if False:\n"),),
        _MESSAGES,
    ),
    Mutation(
        43,
        "waits for a status before it believes executions",
        "core/execution/lifecycle.py",
        (
            (
                "Trigger.FILLED if filled == order.whole else Trigger.PART_FILLED, now)",
                "Trigger.PART_FILLED, now)",
            ),
        ),
        _MESSAGES,
        "however",
    ),
    Mutation(
        44,
        "waits for an answer for ever",
        "core/execution/doubts.py",
        (("ACK_SECONDS = 10.0", "ACK_SECONDS = 1e9"),),
        _MESSAGES,
    ),
    Mutation(
        46,
        "takes a book without its end for an empty one",
        "core/execution/reconcile.py",
        (("    except DeskError as error:\n        return error\n", "    except DeskError:\n        return []\n"),),
        _MESSAGES,
    ),
    Mutation(
        47,
        "goes on sending after a message about orders that it could not read",
        "core/execution/keeper.py",
        (("                self.reconciler.distrust()\n", "                pass\n"),),
        _MESSAGES,
        "cannot_be_read",
    ),
    Mutation(
        48,
        "waits for a frame of any length",
        "core/broker/connection.py",
        (("MAX_FRAME = 16 * 1024 * 1024", "MAX_FRAME = 1 << 40"),),
        _MESSAGES,
    ),
    Mutation(
        50,
        "takes a refused cancel for a cancel",
        "core/execution/lifecycle.py",
        (
            (
                "            return Conclusion(replace(noted, pending=pending), told, ask=True)\n",
                "            return _apply(order, Trigger.CANCELLED, now)\n",
            ),
        ),
        _MESSAGES,
    ),
    Mutation(
        53,
        "keeps the terms of a change that was refused",
        "core/execution/lifecycle.py",
        (
            (
                "settle_fills(with_old_terms(noted), now).order, told, ask=True)",
                "settle_fills(replace(noted, previous=None), now).order, told, ask=True)",
            ),
            ("    moved = with_terms(order, _told(order, held, current))\n", "    moved = order\n"),
        ),
        _MESSAGES,
    ),
    Mutation(
        69,
        "lets an order frame leave whatever its what-if flag says",
        "core/broker/orders.py",
        (("    if order.whatIf is not isinstance(token, Preview):", "    if order.whatIf is None:"),),
        "tests/broker/test_what_ifs.py",
    ),
    Mutation(
        69,
        "asks with the frame of an order",
        "core/broker/orders.py",
        (
            ("        order.whatIf = True\n", ""),
            ("            check_flag(order, token)\n", ""),
        ),
        "tests/broker/test_what_ifs.py",
    ),
    Mutation(
        69,
        "takes the answer to a what-if for an open order",
        "core/broker/callbacks.py",
        (("        if order.whatIf:\n", "        if order.whatIf and not orderId:\n"),),
        "tests/broker/test_what_ifs.py",
    ),
    Mutation(
        25,
        "does not ask the fills which size of an unanswered change an order had",
        "core/execution/reconcile.py",
        (("    if filled is not None:\n        return filled\n", ""),),
        _LINKS,
        "unanswered",
    ),
    Mutation(
        61,
        "does not notice that it stood still",
        "core/execution/stillness.py",
        (("        if pause >= STILL_SECONDS:\n", "        if pause < 0:\n"),),
        "tests/faults/test_time.py",
        "standing",
    ),
    *TRADING,
)
"""Every one of them must turn a test of its row red."""
