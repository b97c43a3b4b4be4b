"""TICKET: an order, a close or a cancel that waits for Enter, and its dealings with core."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime

from textual import on

from core.domain.commands import (
    Ack,
    Cancelled,
    ClosePosition,
    PlaceOrder,
    PreviewClose,
    PreviewOrder,
    SizeOrder,
)
from core.domain.events import Severity
from core.errors import LinkError
from tui import messages
from tui.hands import send_gate
from tui.hands import ticket as tickets
from tui.hands.answers import (
    NO_REASON,
    after_denial,
    close_after_denial,
    close_with_preview,
    looking,
    with_preview,
    with_size,
)
from tui.hands.cancel_ticket import CancelTicket, cancel_answer, order_words
from tui.hands.change_ticket import ChangeTicket, catch_up_change, change_command
from tui.hands.close_ticket import CloseTicket, close_command
from tui.hands.lookups import look_up
from tui.hands.order_words import problem_with, request_of, size_problem
from tui.hands.pricing import why_not_priced
from tui.hands.retype import is_answered, not_yet, place_command
from tui.hands.send_gate import Verdict
from tui.hands.ticket import OrderTicket, Phase
from tui.hands.timing import Timing
from tui.panes.asker import Asker
from tui.panes.ticket_face import Answered, Previewed, Sendable
from tui.panes.ticket_hints import Ticket
from tui.panes.ticket_pane import TicketPane

PREVIEW_DELAY = 0.1
"""Seconds without a change before core is asked what the ticket would do."""


class OrderEntry(TicketPane):
    """The ticket pane of the desk. Enter in a ticket is the only thing that sends, and never twice by itself."""

    def __init__(self, *, id: str | None = None, timing: Timing | None = None) -> None:
        """Create it; `timing` is the clock of the send gate, None for the running loop's."""
        super().__init__(id=id, timing=timing)
        self._sent: dict[int, tuple[Ticket, int, datetime]] = {}
        self._token = 0
        self._restored = 0
        self._lost: dict[str, tuple[OrderTicket | CloseTicket, datetime]] = {}
        """Tickets whose send nobody answered, and when they were sent, UTC."""
        self._absent: set[str] = set()

    def on_mount(self) -> None:
        """Be ready to ask; Textual runs the bases' handlers after this one."""
        self._asker = Asker(self, self.host, Previewed)

    def update_ticket(self, ticket: Ticket) -> None:
        """Show another state of the ticket, and ask core about it once it has rested."""
        super().update_ticket(ticket)
        self._ask(PREVIEW_DELAY)

    def hear(self, message: messages.DeskMessage) -> None:
        """Take in one piece of news; with its market, and once a second, ask core what the ticket would do now."""
        match message:
            case messages.QuotesFlushed(con_ids=con_ids) if self.con_id in con_ids and not self._asker.is_waiting:
                self._ask(0)
            case messages.SecondPassed():
                self._ask(0)
            case messages.LinkRestored():
                self._restored += 1
                self._look_up()
            case messages.OrderUpdated(order=order) if order.order_ref in self._absent:
                self._absent.discard(order.order_ref)
                self._say(f"{order_words(order)}: it was sent after all and is {order.state}.", Severity.ALARM)
            case _:
                pass
        super().hear(message)

    def action_send(self) -> None:
        """Send what the ticket says, if it has stood in sight long enough to be read."""
        ticket = self.ticket
        asked = isinstance(ticket, OrderTicket) and ticket.is_asked
        if ticket is None or not (asked or ticket.phase is Phase.EDITING) or not self.has_keys:
            return
        at = self.timing.now() if self.pressed_at is None else self.pressed_at
        self.gate, verdict = send_gate.press(self.gate, "enter", ticket.content, at)
        if verdict is Verdict.DEAD:
            return
        if isinstance(ticket, OrderTicket) and asked and not is_answered(ticket):
            self.update_ticket(not_yet(ticket))
            return
        ready = self._without_stale_price(ticket)
        if ready is not ticket:
            self.update_ticket(ready)
            return
        command = self._command(ticket)
        if isinstance(command, str):
            self.update_ticket(replace(ticket, note=command))
        elif verdict is Verdict.TOO_EARLY:
            self._say(f"Not sent: {ticket.words} had not stood still for 0.15 s. Read it; Enter sends it.")
        else:
            self.gate = send_gate.acted(self.gate, "enter", at)
            self._dispatch(ticket, command)

    def _without_stale_price(self, ticket: Ticket) -> Ticket:
        """The same ticket, or one without its computed price where no price may be computed any more (rule 12)."""
        if not isinstance(ticket, OrderTicket) or ticket.style is None:
            return ticket
        quote = self.replica.quote(ticket.instrument.con_id)
        if not why_not_priced(quote):
            return ticket
        return replace(tickets.reprice(ticket, quote), phase=Phase.EDITING, retype=None)

    def _command(self, ticket: Ticket) -> Sendable | str:
        """What Enter sends, or why it can't."""
        if not self.host.desk.is_attached:
            return f"{ticket.words}: not sent, the desk is not attached to core. Wait for the link, then Enter."
        if isinstance(ticket, CancelTicket):
            return ticket.command
        if isinstance(ticket, ChangeTicket):
            return change_command(ticket)
        order_ref = self.host.desk.mint_order_ref()
        if isinstance(ticket, CloseTicket):
            command = close_command(ticket, order_ref)
            return command or ticket.note or f"{ticket.words}: core has not said yet what it takes. Wait, then Enter."
        request = request_of(ticket, order_ref)
        if request is None:
            return problem_with(ticket) or size_problem(ticket)
        return place_command(ticket, request)

    def _dispatch(self, ticket: Ticket, command: Sendable) -> None:
        sent: Ticket
        match ticket, command:
            case OrderTicket(), PlaceOrder(request=request):
                sent = tickets.sending(ticket, request.order_ref)
            case CloseTicket(), ClosePosition(order_ref=order_ref):
                sent = replace(ticket, phase=Phase.SENDING, order_ref=order_ref, note="")
            case _:
                sent = replace(ticket, phase=Phase.SENDING, note="")
        self._token += 1
        self._sent[self._token] = (sent, self._restored, self.host.utc())
        self.update_ticket(sent)
        # A send never waits for a question, nor for another send.
        self.run_worker(self._send(command, self._token), group="send")

    async def _send(self, command: Sendable, token: int) -> None:
        ack: Ack | None
        try:
            ack = await self.host.desk.send(command)
        except LinkError:
            ack = None
        self.post_message(Answered(token, ack))

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        (sent, restored, at), ack = self._sent.pop(message.token), message.ack
        # A ticket that is being sent takes no keys, so the one in the pane is this one or another altogether.
        in_pane = self.ticket is not None and self.ticket is sent
        if ack is None:
            self._link_broke(sent, at, in_pane=in_pane)
            if self._restored > restored:
                # The link was back before the news of its end came here.
                self._look_up()
        elif ack.ok:
            if isinstance(sent, OrderTicket):
                self.drafts.pop(sent.draft_key, None)
            if in_pane:
                self.close_ticket(keep=False)
            if isinstance(sent, ChangeTicket) or not self._is_news_old(ack):
                self._say(_done_words(sent, ack), Severity.INFO)
        else:
            self._denied(sent, ack, in_pane=in_pane)

    def _is_news_old(self, ack: Ack) -> bool:
        """True when more is known of the order than that it left: its fill or its end came before the Ack."""
        order = None if ack.order is None else self.replica.orders.get(ack.order.order_ref)
        return order is not None and (not order.is_live or order.filled > 0)

    def _denied(self, sent: Ticket, ack: Ack, *, in_pane: bool) -> None:
        """Nothing was sent: the ticket opens again with all its text, or becomes a draft if it was closed."""
        ready: Ticket
        match sent:
            case ChangeTicket(order=order):
                refused = after_denial(sent, ack, None)
                now = self.replica.orders.get(order.order_ref)
                ready = catch_up_change(refused, now) if isinstance(refused, ChangeTicket) else refused
            case OrderTicket():
                ready = after_denial(sent, ack, self.replica.quote(sent.instrument.con_id))
            case CloseTicket():
                ready = close_after_denial(sent, ack)
            case CancelTicket():
                ready = replace(sent, phase=Phase.EDITING, note=NO_REASON if ack.denied is None else ack.denied.message)
        if in_pane:
            self.update_ticket(ready)
            return
        self._stash(ready)
        self._say(ready.note, Severity.WARNING)

    def _stash(self, ticket: Ticket) -> None:
        """Keep a ticket that was closed while it was sent."""
        if isinstance(ticket, OrderTicket) and not isinstance(ticket, ChangeTicket):
            self.drafts[ticket.draft_key] = ticket
            self.renew()

    def _link_broke(self, sent: Ticket, at: datetime, *, in_pane: bool) -> None:
        """Nobody knows what became of it: an order is looked up after the link is back; others may be asked again."""
        if isinstance(sent, CancelTicket | ChangeTicket):
            note = f"{sent.words}: the link to core broke. Look at ORDERS once it is back; Enter asks again."
            if in_pane:
                editable = tickets.refused(sent, note) if isinstance(sent, ChangeTicket) else sent
                self.update_ticket(replace(editable, phase=Phase.EDITING, note=note))
            else:
                self._say(note, Severity.WARNING)
            return
        waiting = looking(sent)
        self._lost[sent.order_ref] = waiting, at
        if in_pane:
            self.update_ticket(waiting)
        self._say(waiting.note, Severity.ALARM)

    def _look_up(self) -> None:
        """The snapshot is younger than the broken link: what is not in it was never sent."""
        lost, self._lost = self._lost, {}
        for order_ref, (waiting, at) in lost.items():
            in_pane = self.ticket is waiting
            found = look_up(
                order_ref,
                waiting.words,
                self.replica.orders,
                sent=at,
                since=self.replica.since,
                in_sight=in_pane,
            )
            if found.was_sent or found.may_be_elsewhere:
                if in_pane:
                    self.close_ticket(keep=False)
                self._say(found.text, Severity.ALARM if found.may_be_elsewhere else Severity.WARNING)
                continue
            if found.order is None:
                self._absent.add(order_ref)
            ready: Ticket
            if isinstance(waiting, OrderTicket):
                ready = tickets.refused(waiting, found.text)
            else:
                ready = replace(waiting, phase=Phase.EDITING, note=found.text)
            if in_pane:
                self.update_ticket(ready)
            else:
                self._stash(ready)
            self._say(found.text, Severity.WARNING)

    def _ask(self, delay: float) -> None:
        """Have core compute what the ticket would do; its answer never holds a send."""
        ticket = self.ticket
        question = None if ticket is None or ticket.phase is not Phase.EDITING else self._question(ticket)
        if ticket is None or question is None:
            self._asker.drop()
        else:
            self._asker.ask(_asked(ticket), question, delay=delay)

    def _question(self, ticket: Ticket) -> PreviewOrder | PreviewClose | SizeOrder | None:
        if not self.host.desk.is_attached or isinstance(ticket, CancelTicket | ChangeTicket):
            return None
        if isinstance(ticket, CloseTicket):
            return ticket.question if ticket.account else None
        order_ref = self.host.desk.mint_order_ref()
        if ticket.size is not None and ticket.quantity is None:
            unsized = request_of(replace(ticket, quantity_text="1"), order_ref)
            return None if unsized is None else SizeOrder(request=unsized, size=ticket.size)
        request = request_of(ticket, order_ref)
        return None if request is None else PreviewOrder(request=request)

    @on(Previewed)
    def _previewed(self, message: Previewed) -> None:
        ticket, ack = self.ticket, message.ack
        if ack is not None and ticket is not None and ticket.phase is Phase.EDITING and _asked(ticket) == message.asked:
            match ticket:
                case OrderTicket() if ticket.size is not None and ticket.quantity is None:
                    sized = with_size(ticket, ack)
                    super().update_ticket(sized)
                    if sized.quantity is not None:
                        self._ask(0)
                case OrderTicket():
                    super().update_ticket(with_preview(ticket, ack))
                case CloseTicket():
                    super().update_ticket(close_with_preview(ticket, ack))
                case _:
                    pass
        self._asker.answered()

    def _say(self, text: str, severity: Severity = Severity.WARNING) -> None:
        self.host.post_message(messages.Say(text, severity))


def _asked(ticket: Ticket) -> Hashable:
    """What a preview of the ticket depends on."""
    return ticket.question if isinstance(ticket, CloseTicket) else ticket.content


def _done_words(sent: Ticket, ack: Ack) -> str:
    """What core did, for the message row."""
    if isinstance(sent, CancelTicket):
        return cancel_answer(sent, ack.result) if isinstance(ack.result, Cancelled) else f"{sent.words}: cancel sent."
    return f"{sent.words}: on its way." if ack.order is None else f"{order_words(ack.order)}: on its way."
