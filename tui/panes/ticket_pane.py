"""The ticket pane as a thing to look at and type into: what stands in it, its drafts and sizes. Sends nothing."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from core.domain.connection import Mode
from core.domain.instruments import Instrument
from core.domain.orders import Order
from core.domain.sizes import Size
from core.domain.what_ifs import WhatIfAnswered
from tui import messages
from tui.hands import editing, send_gate
from tui.hands import ticket as tickets
from tui.hands.accounts import account_name
from tui.hands.cancel_ticket import CancelTicket, Scope, open_cancel, widen
from tui.hands.change_ticket import NOT_COMPUTED, ChangeTicket, catch_up_change, change_ticket
from tui.hands.close_ticket import CloseTicket, catch_up_close, change_account, open_close, take_part
from tui.hands.keys import TICKET
from tui.hands.rest import rest_ticket
from tui.hands.send_gate import SendGate
from tui.hands.sizes import Chosen, presets_of, size_text, step_size, unit_of
from tui.hands.ticket import VERBS, OrderTicket, Phase
from tui.hands.timing import LoopTiming, Timing
from tui.hands.type_through import WINDOW
from tui.keymap import bindings
from tui.panes.listener import Listener
from tui.panes.ticket_face import TicketFace
from tui.panes.ticket_hints import Ticket, hints
from tui.panes.ticket_lines import Surroundings, cancel_lines, change_lines, close_lines, closed_lines, order_lines
from tui.widgets.pane import Pane, Weight

WEIGHTS: dict[Mode, Weight] = {Mode.PRACTICE: "dashed", Mode.PAPER: "single", Mode.LIVE: "heavy"}
"""How the ticket's border is drawn: the mode shows in its shape, too."""


class TicketPane(Listener, Pane):
    """Base of the ticket pane. The desk's screen opens tickets and hands it the characters; its bindings do the rest.

    A ticket keeps its instrument wherever the focus goes. Enter counts only while the ticket has the focus.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(TICKET)]
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.SnapshotLoaded,
        messages.LinkLost,
        messages.LinkRestored,
        messages.ConnectionUpdated,
        messages.InstrumentsUpdated,
        messages.OrderUpdated,
        messages.QuotesFlushed,
        messages.WhatIfCame,
        messages.AuthorityUpdated,
        messages.FocusChanged,
        messages.SecondPassed,
    )
    DEFAULT_CSS = """
    TicketPane {
        height: auto;
        & > PaneRule > .pane-rule--line { color: $text-muted; }
        &.-practice > PaneRule > .pane-rule--line { color: $mode-practice; }
        &.-paper > PaneRule > .pane-rule--line { color: $mode-paper; }
        &.-live > PaneRule > .pane-rule--line { color: $mode-live; }
        &.-armed > PaneRule > .pane-rule--line { text-style: reverse; }
    }
    """

    def __init__(self, *, id: str | None = None, timing: Timing | None = None) -> None:
        """Create it; `timing` is the clock of the send gate, None for the running loop's."""
        self.face = TicketFace(self._painted)
        """The lines; it has the focus while keys go into a ticket."""
        super().__init__(self.face, title="TICKET", id=id)
        self.timing = timing or LoopTiming()
        """The clock that keys are judged by."""
        self.ticket: Ticket | None = None
        """What stands in the pane; None while it is closed."""
        self.gate = SendGate()
        """What was painted since when, and which key is dead."""
        self.pressed_at: float | None = None
        """Loop time of the key that runs an action; None when no key does: then it counts as pressed now."""
        self.opened_by = ""
        """The letters that opened the ticket; empty for one that was opened without."""
        self._opened_at = 0.0
        self._back: Widget | None = None
        self._con_id: int | None = None
        """The desk's focus: what the closed pane speaks of."""
        self._account = ""
        """The account of the row in focus; empty for the desk's."""
        self._sizes: dict[int, Chosen] = {}
        self.drafts: dict[tuple[str, int, str], OrderTicket] = {}
        """Touched tickets that were closed, by `OrderTicket.draft_key`."""
        self._shown: Hashable = None
        self._impact: WhatIfAnswered | None = None

    @property
    def has_keys(self) -> bool:
        """True while keys go into the ticket."""
        return self.ticket is not None and self.screen.focused is self.face

    @property
    def takes_letters(self) -> bool:
        """True while letters are text of a field, not the beginning of a symbol."""
        return isinstance(self.ticket, OrderTicket) and self.ticket.touched

    def takes_own_letter(self, letter: str, at: float) -> bool:
        """True for a letter that means something in this ticket and can't be the second one of a word any more."""
        return isinstance(self.ticket, CancelTicket) and letter == "a" and at - self._opened_at > WINDOW

    def presets_of(self, instrument: Instrument) -> tuple[Size, ...]:
        """What the keys 1 to 4 stand for."""
        return presets_of(instrument, self.replica.presets)

    def size_of(self, instrument: Instrument) -> Chosen:
        """The size that the next ticket of an instrument begins with."""
        return self._sizes.get(instrument.con_id) or Chosen(self.presets_of(instrument)[0], 1)

    def choose_size(self, instrument: Instrument, preset: int) -> None:
        """Take preset 1 to 4 for the next ticket of an instrument."""
        self._set_size(instrument, Chosen(self.presets_of(instrument)[preset - 1], preset))

    def step_size(self, instrument: Instrument, steps: int) -> None:
        """Change the size of the next ticket by some steps."""
        self._set_size(instrument, step_size(self.size_of(instrument), steps, self.presets_of(instrument)))

    def _set_size(self, instrument: Instrument, chosen: Chosen) -> None:
        self._sizes[instrument.con_id] = chosen
        self.renew()

    def open_order(self, verb: str, instrument: Instrument, opened_by: str = "", account: str = "") -> None:
        """Open the ticket of a verb (`tui.hands.ticket.VERBS`), or its draft as it was left.

        `account` is that of the row in focus; empty for the desk's.
        """
        quote, accounts, row = self.replica.quote(instrument.con_id), self.replica.managed, self._other(account)
        draft = self.drafts.get((row, instrument.con_id, verb))
        owner = row or self.replica.account
        if draft is not None:
            ticket = tickets.reopen(draft, owner, quote, accounts=accounts)
        else:
            size, presets = self.size_of(instrument).size, self.presets_of(instrument)
            ticket = tickets.open_ticket(
                VERBS[verb], instrument, owner, size, quote, presets=presets, accounts=accounts, opened_for=row
            )
        self._open(ticket, opened_by)

    def open_rest(self, order: Order, instrument: Instrument, opened_by: str = "") -> None:
        """Open a ticket for what an ended order did not fill (`tui.hands.rest`)."""
        presets, own = self.presets_of(instrument), self.replica.account
        ticket = rest_ticket(order, instrument, desk_account=own, presets=presets, accounts=self.replica.managed)
        self._open(ticket, opened_by)

    def open_change(self, order: Order, instrument: Instrument, opened_by: str = "") -> None:
        """Open a ticket that changes a working order (`tui.hands.change_ticket`)."""
        self._open(change_ticket(order, instrument, accounts=self.replica.managed), opened_by)

    def _other(self, account: str) -> str:
        """An account that is not the desk's; empty for the desk's."""
        return "" if account == self.replica.account else account

    def open_close(self, instrument: Instrument, fraction: Decimal, opened_by: str = "", account: str = "") -> None:
        """Open a ticket that closes a part of the position (above 0, at most 1) of an account, empty for the desk's."""
        owner = account or self.replica.account
        self._open(open_close(instrument, owner, fraction, accounts=self.replica.managed), opened_by)

    def open_cancel(self, instrument: Instrument | None, order: Order | None, opened_by: str = "") -> None:
        """Open a ticket that cancels the order, or the entries of the instrument."""
        self._open(open_cancel(instrument, order), opened_by)

    def close_ticket(self, *, keep: bool = True) -> None:
        """Close the ticket and give the focus back; one that was touched stays as a draft if `keep` says so."""
        if keep:
            self._keep_draft()
        had_keys = self.has_keys
        self.ticket, self.opened_by = None, ""
        self.face.can_focus = False
        if had_keys:
            back = self._back
            self.screen.set_focus(back if back is not None and back.is_attached else None, scroll_visible=False)
        self.renew()

    def _open(self, ticket: Ticket, opened_by: str) -> None:
        self._keep_draft()
        focused = self.screen.focused
        if focused is not self.face:
            self._back = focused
        self.opened_by, self._opened_at = opened_by, self.timing.now()
        self.gate = send_gate.paint(self.gate, None, self._opened_at)
        self.face.can_focus = True
        self.screen.set_focus(self.face, scroll_visible=False)
        self.update_ticket(ticket)

    def _keep_draft(self) -> None:
        ticket = self.ticket
        if isinstance(ticket, ChangeTicket):
            return
        if isinstance(ticket, OrderTicket) and ticket.touched and (ticket.phase is Phase.EDITING or ticket.is_asked):
            self.drafts[ticket.draft_key] = ticket

    def update_ticket(self, ticket: Ticket) -> None:
        """Show another state of the ticket."""
        self.ticket = ticket
        self.renew()

    def type_text(self, text: str) -> None:
        """Type or paste into the ticket."""
        match self.ticket:
            case OrderTicket() as ticket:
                self.update_ticket(editing.type_text(ticket, text))
            case CloseTicket() as ticket:
                self.update_ticket(take_part(ticket, text))
            case CancelTicket() as ticket if text == "a":
                self.opened_by += text
                self.update_ticket(widen(ticket))
            case _:
                pass

    def action_field(self, steps: int) -> None:
        """Go to another field; a close ticket goes to another account, a cancel ticket widens."""
        match self.ticket:
            case OrderTicket() as ticket:
                self.update_ticket(editing.move_field(ticket, steps))
            case CloseTicket() as ticket:
                self.update_ticket(change_account(ticket, steps))
            case CancelTicket() as ticket:
                self.update_ticket(widen(ticket, steps))
            case _:
                pass

    def action_step(self, steps: int) -> None:
        """Move the active field by ticks or steps, upwards when positive; of an order too large up takes what fits."""
        ticket = self.ticket
        if not isinstance(ticket, OrderTicket):
            return
        fits = None if ticket.preview is None or steps != 1 else ticket.preview.fits
        if fits:
            self.update_ticket(editing.take_quantity(ticket, fits))
        else:
            self.update_ticket(editing.step(ticket, steps, self.replica.quote(ticket.instrument.con_id)))

    def action_style(self, steps: int) -> None:
        """Walk join, mid, now, market; a cancel ticket widens."""
        match self.ticket:
            case ChangeTicket(phase=Phase.EDITING) as ticket:
                self.update_ticket(replace(ticket, touched=True, note=NOT_COMPUTED))
            case OrderTicket() as ticket:
                self.update_ticket(editing.restyle(ticket, steps, self.replica.quote(ticket.instrument.con_id)))
            case _:
                self.action_field(steps)

    def action_erase(self) -> None:
        """Take the last character of the field away."""
        if isinstance(self.ticket, OrderTicket):
            self.update_ticket(editing.erase(self.ticket))

    def action_clear(self) -> None:
        """Empty the field; in a draft that was just opened, begin afresh."""
        match self.ticket:
            case OrderTicket(is_draft=True, touched=False, phase=Phase.EDITING) as ticket:
                self.drafts.pop(ticket.draft_key, None)
                self.open_order(ticket.verb.name, ticket.instrument, self.opened_by, ticket.opened_for)
            case OrderTicket() as ticket:
                self.update_ticket(editing.clear(ticket))
            case _:
                pass

    def action_leave(self) -> None:
        """Close the ticket; what was typed stays as a draft. Where core asks for the quantity, go back to the order."""
        if isinstance(self.ticket, OrderTicket) and self.ticket.is_asked:
            self.update_ticket(replace(self.ticket, phase=Phase.EDITING, note="", retype=None))
        else:
            self.close_ticket()

    def hear(self, message: messages.DeskMessage) -> None:
        """Follow the focus while closed; quotes of other instruments change nothing here."""
        match message:
            case messages.FocusChanged(con_id=con_id, account=account):
                self._con_id, self._account = con_id, account
                self.renew()
            case messages.QuotesFlushed(con_ids=con_ids) if self.con_id not in con_ids:
                return
            case messages.WhatIfCame(answer=answer):
                self._impact = answer
                self.renew_soon()
            case _:
                self._catch_up()
                self.renew_soon()

    def _catch_up(self) -> None:
        """What the ticket waited for may be there: an account, or a market to price by."""
        ticket, account, accounts = self.ticket, self.replica.account, self.replica.managed
        match ticket:
            case ChangeTicket(order=order):
                ready: Ticket = catch_up_change(ticket, self.replica.orders.get(order.order_ref))
            case OrderTicket():
                quote = self.replica.quote(ticket.instrument.con_id)
                ready = tickets.catch_up(ticket, account, quote, accounts=accounts)
            case CloseTicket():
                ready = catch_up_close(ticket, account, accounts=accounts)
            case _:
                return
        if ready is not ticket:
            self.update_ticket(ready)

    @property
    def con_id(self) -> int | None:
        """The instrument that the pane speaks of: the ticket's, or the desk's focus while it is closed."""
        instrument = None if self.ticket is None else self.ticket.instrument
        return self._con_id if instrument is None else instrument.con_id

    def renew(self) -> None:
        """Show the ticket and the replica as they are now."""
        mode = self.host.mode
        for known in Mode:
            self.set_class(known is mode, f"-{known.value}")
        self.set_class(self.replica.authority.is_armed(self.host.desk.name, self.now), "-armed")
        self.weight = None if mode is None else WEIGHTS[mode]
        width = self.size.width or self.app.size.width
        self.status = hints(self.ticket, width)
        self._shown = None if self.ticket is None else self.ticket.content
        self.face.show(self._content(width))

    def _content(self, width: int) -> Content:
        around = Surroundings(
            width=width,
            quote=self.replica.quote(self.con_id),
            mode=self.host.mode,
            whose=self._whose(),
            account=self.replica.account,
            focused=self.has_keys,
            live=self.replica.live_orders(),
            held=self.replica.held,
            now=self.host.utc(),
            impact=self._impact,
        )
        match self.ticket:
            case ChangeTicket() as ticket:
                return change_lines(ticket, around)
            case OrderTicket() as ticket:
                return order_lines(ticket, around)
            case CloseTicket() as ticket:
                return close_lines(ticket, around)
            case CancelTicket() as ticket:
                return cancel_lines(ticket, around)
        instrument = self.replica.instrument(self.con_id)
        if instrument is None:
            return closed_lines("", None, around)
        where = self._other(self._account), instrument.con_id
        drafts = [draft for draft in self.drafts.values() if draft.draft_key[:2] == where]
        chosen = self.size_of(instrument)
        size = f"{chosen.preset}:" if chosen.preset else ""
        size += size_text(chosen.size, unit_of(instrument))
        return closed_lines(f"{instrument.label}  size {size}", drafts[-1] if drafts else None, around)

    def _whose(self) -> str:
        """The account that the pane speaks of, masked; a cancel may reach into all of them."""
        accounts = self.replica.managed
        match self.ticket:
            case OrderTicket(account=account) | CloseTicket(account=account):
                owner = account
            case CancelTicket(scope=Scope.ORDER, order=Order(account=account)):
                owner = account
            case CancelTicket():
                if len(accounts) > 1:
                    return "all accounts"
                owner = ""
            case None:
                owner = self._account
        return account_name(owner or self.replica.account, accounts)

    def _painted(self) -> None:
        """The lines go to the screen: what they say counts as read from now on."""
        self.gate = send_gate.paint(self.gate, self._shown, self.timing.now())

    def on_descendant_focus(self) -> None:
        """The keys come here (again): what stands here must be read first."""
        self.gate = send_gate.refocus(self.gate, self.timing.now())
        self.renew()

    def on_descendant_blur(self) -> None:
        """The keys go elsewhere; the ticket stays."""
        self.renew()

    def on_resize(self) -> None:
        """Lay the lines out for the new width."""
        self.renew()
