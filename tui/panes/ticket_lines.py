"""How tickets look: two lines of literal text, more only where a message needs the room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from textwrap import wrap

from rich.cells import cell_len
from textual.content import Content

from core.domain.commands import OrderPreview
from core.domain.connection import Mode
from core.domain.orders import Order, OrderState, OrderType, Side
from core.domain.positions import reduced_by
from core.domain.quotes import Quote
from core.domain.what_ifs import WhatIfAnswered
from tui import format as fmt
from tui.hands.accounts import account_mark, account_name
from tui.hands.cancel_ticket import CancelTicket, Scope, order_words, reached
from tui.hands.change_ticket import NOTHING_YET, ChangeTicket, change_command
from tui.hands.close_ticket import CloseTicket
from tui.hands.numbers import parse_number
from tui.hands.order_kinds import CHOICES, Field, has_price, trigger_name, waits_for
from tui.hands.order_words import problem_with, size_problem
from tui.hands.pricing import place_in_market, price_text, why_not_priced
from tui.hands.ticket import OrderTicket, Phase
from tui.panes.blotter import number_text
from tui.panes.limit_words import limits_part, refusal_part
from tui.panes.line_row import Part
from tui.panes.margin_words import margin_part, margin_told
from tui.panes.mode_words import mode_word
from tui.widgets.columns import clean

MUTED = "$text-muted"
ATTENTION = "bold $attention"
REFUSAL = "bold $refusal"
GAP = Part("  ")
WIDE = 100
"""Cells from which the route is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a ticket's picture takes from the desk around it."""

    width: int
    """Cells of a line."""
    quote: Quote | None
    """The market of the ticket's instrument now."""
    mode: Mode | None
    whose: str
    """The account that the pane speaks of, masked."""
    account: str
    """The desk's account, in full; empty while none is verified."""
    focused: bool
    """True while keys go into the ticket."""
    live: Sequence[Order]
    """Every live order, other clients' too."""
    held: Callable[[int, str], Decimal | None]
    """Units held of a contract in an account, negative when short; None while nobody knows."""
    now: datetime
    """Aware."""
    impact: WhatIfAnswered | None = None
    """The last that IBKR said of a draft of this desk; None for nothing."""


def order_lines(ticket: OrderTicket, around: Surroundings) -> Content:
    """An order ticket: the order, then core's answer to it or what keeps it from being sent."""
    told = margin_told(ticket.preview, around.impact, priced=True)
    return _join(_order_line(ticket, around), _order_answer(ticket, around), around, told)


def change_lines(ticket: ChangeTicket, around: Surroundings) -> Content:
    """A change ticket: the order with what changes beside what was, then what Enter does or what keeps it from it."""
    order, kind = ticket.order, ticket.order_type
    parts = [
        Part("CHANGE", "bold"),
        Part(f" {number_text(order)} "),
        Part(str(order.side), _side_style(order.side)),
        Part(" "),
        *_changed(ticket, Field.QUANTITY, around),
        Part(f" {order.label} "),
        *([Part("@ "), *_changed(ticket, Field.PRICE, around), Part(" ")] if Field.PRICE in ticket.fields else []),
        Part(order.type_text if kind is not OrderType.LMT else str(kind)),
        *([Part(" "), *_changed(ticket, Field.TRIGGER, around)] if Field.TRIGGER in ticket.fields else []),
        Part(f" {ticket.tif}{f' {ticket.till_text}' if ticket.till_text else ''}"),
        *([Part(" ext")] if ticket.outside_rth else []),
        *_account_parts(ticket, around),
        GAP,
        *_where(ticket, around.quote),
    ]
    return _join(parts, _change_answer(ticket), around)


def _change_answer(ticket: ChangeTicket) -> list[Part]:
    if ticket.is_asked and ticket.retype is not None:
        return [Part(f"{ticket.note} {ticket.retype.typed}_", ATTENTION)]
    note = _note(ticket.note, ticket.phase)
    if note:
        return note
    command = change_command(ticket)
    if isinstance(command, str):
        return [Part(command, MUTED if command == NOTHING_YET else ATTENTION)]
    order = ticket.order
    filled = f" · {fmt.size(order.filled)} of it filled" if order.filled else ""
    return [Part(f"Enter changes it, if core and IBKR take it{filled}", MUTED)]


def _changed(ticket: ChangeTicket, field: Field, around: Surroundings) -> list[Part]:
    """A field that can be changed: what was, and what it becomes where that differs or is being typed."""
    old, new = ticket.old(field), ticket.new(field)
    if new == old and (field is not ticket.field or not around.focused):
        return [Part(old, "bold")]
    return [Part(f"{old} → "), *_field(ticket, field, new, around)]


def close_lines(ticket: CloseTicket, around: Surroundings) -> Content:
    """A close ticket: what core would send, then what it would do."""
    several = len(ticket.accounts) > 1
    first = [Part("CLOSE", "bold"), Part(f" {ticket.fraction * 100:.0f} % {ticket.instrument.label}")]
    if several:
        mark = account_mark(ticket.account, ticket.accounts)
        first += [Part(mark, "bold" if ticket.account == around.account else ATTENTION)]
    preview = ticket.preview
    if preview is not None and preview.denied is None:
        request, bands = preview.request, ticket.instrument.price_bands
        price = request.limit_price
        shown = "MKT" if price is None else f"@ {fmt.ESTIMATE}{price_text(price, bands)} LMT"
        first += [
            Part(": "),
            Part(f"{request.side} {fmt.size(request.quantity)}", _side_style(request.side)),
            # The row has no room to name the instrument twice beside its account.
            Part(f"{'' if several else f' {ticket.instrument.label}'} {shown} {request.tif}"),
            *_left_over(preview, around.live),
        ]
    first += [GAP, Part(f"1-4 part{' · Tab account' if several else ''}", MUTED)]
    answer = _note(ticket.note, ticket.phase) or (
        [Part("asking core what it takes…", MUTED)]
        if preview is None
        else _preview_parts(preview, around, priced=False)
    )
    return _join(first, answer, around, margin_told(preview, around.impact, priced=False))


def cancel_lines(ticket: CancelTicket, around: Surroundings) -> Content:
    """A cancel ticket: its reach, and the orders within it by name."""
    orders = reached(ticket, around.live)
    first = [Part("CANCEL", "bold"), Part(ticket.words.removeprefix("CANCEL"))]
    if ticket.scope is not Scope.ORDER:
        stay = [one for one in orders if reduced_by(around.held(one.con_id, one.account) or Decimal(0), one.side)]
        entries = [one for one in orders if one not in stay]
        first.append(Part(f" · {len(entries)}: {_named(entries)}") if entries else Part(" · none is live", MUTED))
        if stay:
            first.append(Part(f" · {_named(stay)} stay{'s' if len(stay) == 1 else ''}", MUTED))
    return _join(first, _note(ticket.note, ticket.phase) or [_reach(ticket, orders)], around)


def _named(orders: Sequence[Order]) -> str:
    return ", ".join(order_words(order) for order in orders)


def _reach(ticket: CancelTicket, orders: Sequence[Order]) -> Part:
    """What Enter does to what is reached; of an order of unknown outcome, where it was looked for."""
    if ticket.scope is not Scope.ORDER:
        return Part("Enter cancels · a widens · what protects a position stays", MUTED)
    if orders and orders[0].state is OrderState.UNKNOWN:
        why = f" ({orders[0].note})" if orders[0].note else ""
        return Part(f"Nobody knows whether it works{why}. Enter asks IBKR to cancel it anyway · a widens", ATTENTION)
    return Part("Enter cancels this order, whatever it protects · a widens", MUTED)


def closed_lines(size: str, draft: OrderTicket | None, around: Surroundings) -> Content:
    """No ticket: the size that the next one begins with, and a draft that waits."""
    first = [Part(size, MUTED)] if size else []
    if draft is not None:
        first += [GAP, Part(f"draft {draft.words}", ATTENTION)]
    return _join(first, [], around)


def _order_line(ticket: OrderTicket, around: Surroundings) -> list[Part]:
    kind = ticket.order_type
    price = _field(ticket, Field.PRICE, ticket.price_text, around)
    parts = [
        Part(str(ticket.side), _side_style(ticket.side)),
        Part(" "),
        *_quantity_parts(ticket, around),
        Part(f" {ticket.instrument.label} "),
        *([Part("@ "), *price, Part(" ")] if has_price(kind) else []),
        *_kind_parts(ticket, around),
        Part(" "),
        *_field(ticket, Field.TIF, ticket.tif, around),
        *([Part(" "), *_field(ticket, Field.TILL, ticket.till_text, around)] if Field.TILL in ticket.fields else []),
    ]
    if ticket.outside_rth or (ticket.field is Field.RTH and around.focused):
        parts += [Part(" "), *_field(ticket, Field.RTH, "ext" if ticket.outside_rth else "regular hours", around)]
    parts += _account_parts(ticket, around)
    if around.width >= WIDE:
        parts += [Part(f" {ticket.instrument.exchange}")]
    if ticket.is_draft and not ticket.touched:
        return [*parts, GAP, Part("draft · Del drops it", ATTENTION)]
    return [*parts, GAP, *_where(ticket, around.quote), *_left_over(ticket.preview, around.live)]


def _quantity_parts(ticket: OrderTicket, around: Surroundings) -> list[Part]:
    """The quantity; of a size what it comes to, and the size behind it."""
    plain = ticket.field is Field.QUANTITY and around.focused
    quantity = ticket.quantity
    if ticket.size is not None:
        units = fmt.UNKNOWN if quantity is None else fmt.size(quantity)
        return [Part(f"{units} (", "bold"), *_field(ticket, Field.QUANTITY, ticket.quantity_text, around), Part(")")]
    shown = ticket.quantity_text if plain or quantity is None else fmt.size(quantity)
    return _field(ticket, Field.QUANTITY, shown, around)


def _account_parts(ticket: OrderTicket, around: Surroundings) -> list[Part]:
    """The account, where there are several; one that is not the desk's stands out."""
    if len(ticket.accounts) < 2:
        return []
    name = account_name(ticket.account, ticket.accounts)
    if ticket.field is Field.ACCOUNT and around.focused:
        return [Part(" in "), *_field(ticket, Field.ACCOUNT, name, around)]
    return [Part(" in "), Part(name, "bold" if ticket.account == around.account else ATTENTION)]


def _kind_parts(ticket: OrderTicket, around: Surroundings) -> list[Part]:
    """The type, and its stop, distance or offset behind it."""
    kind = ticket.order_type
    on_price = kind is OrderType.MKT and ticket.field is Field.PRICE
    named = _field(ticket, Field.PRICE if on_price else Field.TYPE, kind, around)
    if not trigger_name(kind):
        return named if on_price or ticket.field is Field.TYPE or kind is OrderType.MKT else [Part(kind)]
    return [*named, Part(" "), *_field(ticket, Field.TRIGGER, ticket.trigger_text, around)]


def _left_over(preview: OrderPreview | None, live: Sequence[Order]) -> list[Part]:
    """Live orders on the same side that would carry the reduced position through zero; core leaves them alone."""
    if preview is None or preview.denied is not None:
        return []
    before, after, request = preview.position_before, preview.position_after, preview.request
    if abs(after) >= abs(before) or before * after < 0:
        return []
    same = (request.account, request.con_id, request.side)
    staying = [order for order in live if (order.account, order.con_id, order.side) == same]
    if sum((order.remaining for order in staying), Decimal(0)) <= abs(after):
        return []
    name = number_text(staying[0]) if len(staying) == 1 else f"{len(staying)} orders"
    return [GAP, Part(f"then {name} may go {'short' if request.side is Side.SELL else 'long'}", ATTENTION)]


def _where(ticket: OrderTicket, quote: Quote | None) -> list[Part]:
    """How the price stands to the market now."""
    reason = why_not_priced(quote)
    if reason:
        return [Part(reason, ATTENTION)]
    if ticket.order_type is OrderType.MKT:
        return [Part("at the market", ATTENTION)]
    price = parse_number(ticket.price_text)
    if price is None or ticket.order_type is not OrderType.LMT:
        return []
    return [Part(place_in_market(ticket.side, price, quote, ticket.instrument.price_bands))]


def _field(ticket: OrderTicket, field: Field, text: str, around: Surroundings) -> list[Part]:
    """A field; the active one is reversed while the next key replaces it, else a cursor stands behind it."""
    if field is not ticket.field or not around.focused or ticket.phase is not Phase.EDITING:
        return [Part(text or fmt.UNKNOWN, "bold")]
    if field in CHOICES or (ticket.fresh and text):
        return [Part(text, "bold reverse")]
    return [Part(text, "bold underline"), Part(" ", "reverse")]


def _order_answer(ticket: OrderTicket, around: Surroundings) -> list[Part]:
    note = _note(ticket.note, ticket.phase)
    if ticket.is_asked and ticket.retype is not None:
        return [Part(f"{ticket.note} {ticket.retype.typed}_", ATTENTION)]
    if note:
        return note
    problem = problem_with(ticket)
    if problem:
        return [Part(problem, ATTENTION)]
    if ticket.size is not None and ticket.quantity is None:
        refused = ticket.size_refused is not None
        return [Part(size_problem(ticket), ATTENTION) if refused else Part("asking core how many that is…", MUTED)]
    if ticket.preview is None:
        return [Part("checking…", MUTED)]
    waits = waits_for(ticket.order_type, ticket.tif, ticket.trigger_text)
    return _preview_parts(ticket.preview, around, waits, priced=True)


def _note(note: str, phase: Phase) -> list[Part]:
    if note:
        return [Part(note, REFUSAL if phase is Phase.LOOKING else ATTENTION)]
    return [Part("sending…", MUTED)] if phase is Phase.SENDING else []


def _preview_parts(preview: OrderPreview, around: Surroundings, waits: str = "", *, priced: bool) -> list[Part]:
    """Core's answer: a refusal, or value, fee, margin, what it waits for or takes, position, and that no limit objects.

    `priced` is False for a close, whose price follows the market.
    """
    if preview.denied is not None:
        if preview.denied.retype is not None:
            return [Part(f"ASKS {preview.denied.message}", ATTENTION)]
        return [refusal_part(preview)]
    parts = [
        Part(f"≈{fmt.UNKNOWN if preview.value is None else fmt.money(preview.value)}"),
        Part(f"fee {fmt.UNKNOWN if preview.fee is None else fmt.estimate(fmt.money(preview.fee))}"),
        margin_part(preview, around.impact, around.now, priced=priced, wide=around.width >= WIDE),
    ]
    waits = _session(preview, around.now) or waits
    if waits:
        parts.append(Part(f"WAITS {waits}", ATTENTION))
    elif preview.takes_ticks:
        parts.append(Part(f"TAKES {preview.takes_ticks} tick{'' if preview.takes_ticks == 1 else 's'}", ATTENTION))
    before, after = preview.position_before, preview.position_after
    if before * after < 0:
        parts.append(Part(f"FLIPS {_signed(before)}→{_signed(after)}", REFUSAL))
    else:
        parts.append(Part(f"pos {fmt.size(before)}→{fmt.size(after)}"))
    return [*parts, limits_part(preview.budgets)]


def _session(preview: OrderPreview, now: datetime) -> str:
    """The session that an order waits for, as the end of `WAITS …`: `for 09:30 (add ext)`; empty while it is open."""
    opens = preview.waits_until
    if opens is None:
        return ""
    day = "" if opens.date() == now.astimezone(opens.tzinfo).date() else f"{opens:%a} "
    return f"for {day}{opens:%H:%M}{' (add ext)' if preview.outside_helps else ''}"


def _join(first: list[Part], answer: list[Part], around: Surroundings, told: str = "") -> Content:
    """The first line, what IBKR said of it, the answer, and at the end whose money it is."""
    tail = _tail(around)
    lines = [Content.assemble(*_clean(first)).truncate(around.width, ellipsis=True)]
    rows = wrap(clean(told), max(20, around.width), max_lines=2, placeholder=" …")
    lines += [Content.assemble((row, ATTENTION)) for row in rows]
    room = around.width - cell_len(tail.text) - 2
    if len(answer) > 1:
        lines.append(_fit_line(answer, tail, room))
    else:
        lines += _wrapped(answer[0] if answer else Part(""), tail, around.width, room)
    return Content("\n").join(lines)


def _fit_line(parts: list[Part], tail: Part, room: int) -> Content:
    """Core's answer with gaps in it, then the tail.

    Where there is no room a margin that nobody knows, fee, `limits ok`, value and margin go, in turn; a limit that is
    nearly used up stays longest.
    """
    kept = list(parts)
    value, fee, margin, limits = *parts[:3], parts[-1]
    spares = [fee, limits, value, margin]
    if margin.text.endswith(fmt.UNKNOWN):
        spares = [margin, fee, limits, value]
    if limits.style:
        spares.remove(limits)
        spares.append(limits)
    for spare in spares:
        if sum(cell_len(part.text) + len(GAP.text) for part in kept) - len(GAP.text) <= room:
            break
        kept.remove(spare)
    gapped = [piece for part in kept for piece in (part, GAP)]
    return Content.assemble(*_clean(gapped), tail)


def _wrapped(part: Part, tail: Part, width: int, room: int) -> list[Content]:
    """A message over as many lines as it needs; the tail on the last one."""
    text = clean(part.text)
    if cell_len(text) <= room:
        return [Content.assemble((text, part.style), GAP, tail) if text else Content.assemble(tail)]
    rows = wrap(text, max(20, width)) or [""]
    last = rows.pop()
    lines = [Content.assemble((row, part.style)) for row in rows]
    if cell_len(last) <= room:
        return [*lines, Content.assemble((last, part.style), GAP, tail)]
    return [*lines, Content.assemble((last, part.style)), Content.assemble(tail)]


def _tail(around: Surroundings) -> Part:
    style = "bold" if around.mode is None else f"bold $mode-{around.mode.value}"
    return Part(f"{mode_word(around.mode)} {around.whose}", style)


def _clean(parts: Sequence[Part]) -> list[Part]:
    return [Part(clean(text), style) for text, style in parts]


def _signed(quantity: Decimal) -> str:
    """A position with its sign: `+50`, `−50`."""
    return f"+{fmt.size(quantity)}" if quantity > 0 else fmt.size(quantity)


def _side_style(side: Side) -> str:
    return "bold $side-buy" if side is Side.BUY else "bold $side-sell"
