"""The whole desk on a core that a test answers for, with a clock that the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace
from textual import events
from textual.pilot import Pilot

import tui
from core.domain.budgets import Budget
from core.domain.commands import (
    Ack,
    CancelEntries,
    Cancelled,
    CancelOrder,
    ClosePosition,
    Command,
    Denial,
    DenialCode,
    ModifyOrder,
    OrderPreview,
    PlaceOrder,
    PreviewClose,
    PreviewOrder,
    Qualified,
    SearchSymbols,
    SizeOrder,
    SymbolMatches,
    Watch,
)
from core.domain.events import QuotesUpdated, Snapshot
from core.domain.instruments import SymbolMatch
from core.domain.orders import Order, OrderRequest, OrderType, Side
from core.domain.sizes import Size, Sized
from core.errors import LinkError
from tests.tui import sample
from tests.tui.fake_desk import FakeDesk
from tui import messages
from tui.host import DeskHost
from tui.panes.order_entry import OrderEntry
from tui.screens.desk import DeskScreen
from tui.screens.symbol_search import SymbolSearch
from tui.themes import domain_defaults

D = Decimal
C = TypeVar("C", bound=Command)
SENDS = (PlaceOrder, ModifyOrder, ClosePosition, CancelOrder, CancelEntries)
"""Commands that do something at the broker."""


class TurnedClock:
    """Loop time stands still until a test turns it."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def pressed(self, stamp: float) -> float:
        return self.time


class Core(FakeDesk):
    """Answers as core would, unless a test says otherwise."""

    def __init__(self, snapshot: Snapshot = sample.SNAPSHOT) -> None:
        super().__init__(snapshot)
        self.denials: list[Denial] = []
        """Denials for the next sends, in order."""
        self.preview_denial: Denial | None = None
        self.budgets: tuple[Budget, ...] = ()
        """Those of previews."""
        self.fits: Decimal | None = None
        """That of previews of an order that is larger."""
        self.sizes: dict[str, Sized | Denial] = {}
        """What sizes come to, by what was typed; 42 for the others."""
        self.breaks = False
        """True breaks the link under the next send, after core got the command."""
        self.held: asyncio.Event | None = None
        """Answers to sends and searches wait for it; None lets them go."""
        self.accepted: Order | None = None
        """The order in the Acks of sends."""

    async def connect(self) -> Core:
        if self._lost:
            raise LinkError("Core does not answer.")
        self._queue = asyncio.Queue()
        return self

    async def send(self, command: Command) -> Ack:
        self.sent.append(command)
        if self.held is not None and not isinstance(command, PreviewOrder | PreviewClose):
            await self.held.wait()
        if self.breaks and isinstance(command, SENDS):
            self.breaks = False
            self.lose()
            raise LinkError("Core ended.")
        if self.denials and isinstance(command, SENDS):
            return Ack(ok=False, denied=self.denials.pop(0))
        return self.answer(command)

    def revive(self) -> None:
        """Let the desk attach again."""
        self._lost = False

    def answer(self, command: Command) -> Ack:
        match command:
            case PreviewOrder(request=request):
                return Ack(ok=True, result=self._preview(request))
            case PreviewClose(con_id=con_id, fraction=fraction, account=account):
                held = self._held(account, con_id)
                if not held:
                    denied = Denial(code=DenialCode.NO_POSITION, message="Nothing is held here. Look at POSITIONS.")
                    return Ack(ok=False, denied=denied)
                request = OrderRequest(
                    order_ref="ibd-close",
                    account=account,
                    con_id=con_id,
                    side=Side.SELL if held > 0 else Side.BUY,
                    quantity=abs(held * fraction),
                    order_type=OrderType.LMT,
                    limit_price=D("233.10"),
                )
                return Ack(ok=True, result=self._preview(request))
            case SizeOrder(size=size):
                return self._size(size)
            case SearchSymbols(pattern=pattern):
                return Ack(ok=True, result=SymbolMatches(pattern=pattern, matches=matches(pattern)))
            case Watch(con_id=con_id):
                instrument = next(i for i in sample.INSTRUMENTS if i.con_id == con_id)
                return Ack(ok=True, result=Qualified(instrument=instrument))
            case CancelEntries():
                return Ack(ok=True, result=Cancelled(asked=("a", "b"), kept=("c",)))
            case _:
                return Ack(ok=True, order=self.accepted)

    def _size(self, size: Size) -> Ack:
        sized = self.sizes.get(size.text, Sized(quantity=D(42)))
        return Ack(ok=False, denied=sized) if isinstance(sized, Denial) else Ack(ok=True, result=sized)

    def _held(self, account: str, con_id: int) -> Decimal:
        where = account, con_id
        return next((p.quantity for p in self.state.positions or () if (p.account, p.con_id) == where), D(0))

    def _preview(self, request: OrderRequest) -> OrderPreview:
        held = self._held(request.account, request.con_id)
        price = request.limit_price
        too_large = self.fits is None or request.quantity > self.fits
        return OrderPreview(
            request=request,
            denied=self.preview_denial if too_large else None,
            budgets=self.budgets,
            fits=self.fits if too_large else None,
            value=None if price is None else price * request.quantity,
            fee=D(1),
            position_before=held,
            position_after=held + request.side.sign * request.quantity,
            takes_ticks=24 if price == D("233.57") else 0,
            side=request.side,
        )

    def commands(self, kind: type[C]) -> list[C]:
        """Every command of a kind that was sent."""
        return [command for command in self.sent if isinstance(command, kind)]

    @property
    def sends(self) -> list[Command]:
        """Every command that does something at the broker."""
        return [command for command in self.sent if isinstance(command, SENDS)]

    def quote(self, con_id: int, **changes: object) -> None:
        """Change the market of one instrument."""
        quotes = {quote.con_id: quote for quote in self.state.quotes}
        quotes[con_id] = replace(quotes[con_id], **changes)
        self.state = replace(self.state, quotes=tuple(quotes.values()))
        self.emit(QuotesUpdated(quotes=(quotes[con_id],)))


def matches(pattern: str) -> tuple[SymbolMatch, ...]:
    """What the sample's broker finds: symbols that begin with the pattern."""
    return tuple(
        SymbolMatch(
            con_id=instrument.con_id,
            symbol=instrument.symbol,
            sec_type=instrument.sec_type,
            primary_exchange=instrument.primary_exchange or instrument.exchange,
            currency=instrument.currency,
            name=instrument.name,
        )
        for instrument in sample.INSTRUMENTS
        if instrument.symbol.startswith(pattern.strip().upper().removeprefix("/"))
    )


class HandsApp(DeskHost):
    """The desk's screen in an application without themes, title and start-up."""

    CSS_PATH = str(Path(tui.__file__).parent / "styles" / "desk.tcss")

    def __init__(self, core: Core) -> None:
        super().__init__(core.connect, utc=lambda: sample.NOW)
        self.said: list[str] = []
        """Every line of the message row."""

    def get_default_screen(self) -> DeskScreen:
        return DeskScreen()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return domain_defaults(dark=self.current_theme.dark)

    def on_mount(self) -> None:
        self.run_worker(self.desk.run(), name="link", group="link")

    def publish(self, message: messages.DeskMessage) -> None:
        if isinstance(message, messages.Said):
            self.said.append(message.text)
        super().publish(message)


class Hands:
    """A person at the desk, without a sense of time."""

    def __init__(self, app: HandsApp, core: Core, pilot: Pilot[None], clock: TurnedClock) -> None:
        self.app = app
        self.core = core
        self.pilot = pilot
        self.clock = clock

    @property
    def screen(self) -> DeskScreen:
        screen = self.app.screen_stack[0]
        assert isinstance(screen, DeskScreen)
        return screen

    @property
    def entry(self) -> OrderEntry:
        return self.screen.query_one(OrderEntry)

    @property
    def lines(self) -> list[str]:
        """What the ticket pane shows."""
        return self.entry.face.plain.split("\n")

    @property
    def search(self) -> SymbolSearch:
        screen = self.app.screen
        assert isinstance(screen, SymbolSearch)
        return screen

    async def press(self, *keys: str, gap: float = 0.5) -> None:
        """Press keys, each some seconds after the one before."""
        for key in keys:
            self.clock.time += gap
            await self.pilot.press(key)

    async def paste(self, text: str) -> None:
        """Paste a text at once."""
        self.clock.time += 0.5
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    def pass_second(self) -> None:
        """Let the desk's clock tell that a second passed; to be called by the application."""
        self.app.publish(messages.SecondPassed(sample.NOW))

    async def see(self, *parts: str) -> None:
        """Wait until the ticket pane shows these texts, over the ends of lines too, and has painted them."""
        await self.until(lambda: all(part in " ".join(self.lines) for part in parts))
        await self.pilot.pause()

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, five seconds at most."""
        async with asyncio.timeout(5):
            for _ in range(200):
                if holds():
                    return
                await self.pilot.pause(0.01)
        raise AssertionError(f"never came; ticket {self.lines}, said {self.app.said}, sent {self.core.sends}")


@asynccontextmanager
async def desk(
    snapshot: Snapshot = sample.SNAPSHOT, size: tuple[int, int] = (80, 24), core: Core | None = None
) -> AsyncIterator[Hands]:
    """The desk, attached, with the first instrument of the watchlist in focus."""
    core, clock = core or Core(snapshot), TurnedClock()
    snapshot = core.state
    app = HandsApp(core)
    async with app.run_test(size=size) as pilot:
        hands = Hands(app, core, pilot, clock)
        await hands.until(
            lambda: app.replica.is_loaded and hands.screen.focus_con_id == next(iter(snapshot.watchlist), None)
        )
        hands.entry.timing = clock
        await pilot.pause()
        yield hands
