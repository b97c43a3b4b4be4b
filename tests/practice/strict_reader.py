"""A reader of gateway messages that forgives nothing, with layouts of its own.

It shares no line with the gateway's tables, so that what both have wrong is wrong twice. A layout names a message's
fields in order; what stands behind a name says what the field may be:

===== ========================================================
``#`` a whole number, always there
``~`` a whole number, or unset: empty or 2147483647
``+`` a number that is no ``100.0``: a size, always there
``$`` a number, always there
``?`` a number, or unset: empty or the largest double
``%`` 0 or 1
``!`` text that is not empty
``^`` text that is not empty, escaped to ASCII
``_`` text, perhaps the word None
none  text
===== ========================================================

``name{A|B}`` is one of those words. ``many:name( )`` is a count and so many groups. ``if:name( )`` stands there if the
field is not empty and not 0, ``if:name=A|B( )`` if it is one of those words. Underscores in words are blanks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final


class StrictError(AssertionError):
    """A message is not what its layout says."""


_CONTRACT = "conId# symbol! secType{STK|OPT|FUT|CASH|BAG} ltd strike$ right{|?|0|C|P} mult"
_NAMES = "ccy! localSym tradClass"
_LEGS = "many:legs( legConId# ratio# legAction{BUY|SELL} legExch! openClose# slot# location exempt# )"
_COMBO = f"comboDescr {_LEGS} many:legPrices( legPrice? ) many:smart( tag! value )"
_SCALE = (
    "scaleInit~ scaleSubs~ scaleIncr?"
    " if:scaleIncr( adjust? interval~ profit? reset% position~ fill~ random% ) hedgeType if:hedgeType( hedgeParam )"
)
_NEUTRAL = "dnc% if:dnc( dncConId# dncDelta$ dncPrice$ )"
_ALGO = "algo if:algo( many:algoParams( tag! value ) )"
_BENCH = "if:orderType=PEG_BENCH( refConId# decrease% change$ refChange$ refExchange )"
_CONDITIONS = (
    "many:conditions( kind{1|3|4|5|6|7}"
    " if:kind=1( joint{a|o} more% price$ conConId# exch! method# ) if:kind=3( joint{a|o} more% time! )"
    " if:kind=4( joint{a|o} more% percent# ) if:kind=5( joint{a|o} type! exch! symbol! )"
    " if:kind=6( joint{a|o} more% volume# conConId# exch! )"
    " if:kind=7( joint{a|o} more% change$ conConId# exch! ) ) if:conditions( ignoreRth% cancel% )"
)
_STATUS = "{PendingSubmit|PendingCancel|PreSubmitted|Submitted|ApiCancelled|Cancelled|Filled|Inactive}"
_ORDER = "action{BUY|SELL} qty+ orderType! lmt? aux? tif{DAY|GTC|IOC|FOK|GTD|OPG|DTC|AUC} ocaGroup acct! openClose"
_VOLATILITY = "volatility? volType~ dnType_ dnAux?"
_MARGINS = " ".join(f"{name}{when}?" for when in ("Before", "Change", "After") for name in ("init", "maint", "ewl"))
_COMPETE = "minTradeQty~ minCompete~ compete? midWhole? midHalf?"
_OPTION_VALUES = "iv$ delta$ optPrice$ pvDividend$ gamma$ vega$ theta$ undPrice$"

#: By message id: the version that stands second, empty without one, and the layout.
LAYOUTS: Final[dict[int, tuple[str, str]]] = {
    1: ("6", "reqId# tickType# price$ size+ attrMask#"),
    2: ("6", "reqId# tickType# size+"),
    3: (
        "",
        f"orderId# status{_STATUS} filled+ remaining+ avgFill$ permId# parentId# lastFill$ clientId# whyHeld cap$",
    ),
    4: ("2", "reqId# code# text^ rejectJson"),
    5: (
        "",
        f"orderId# {_CONTRACT} exch! {_NAMES} {_ORDER} origin# orderRef clientId# permId# outsideRth% hidden% discr$"
        " goodAfter shares faGroup faMethod faPct model goodTill rule80A pctOffset? settlingFirm slot# location exempt#"
        " auction# startPx? refPx? delta? rangeLo? rangeHi? display~ block% sweep% aon% minQty~ ocaType# eTrade% firm%"
        f" nbboCap? parentId# trigger# {_VOLATILITY}"
        " if:dnType( dnConId# dnFirm dnAccount dnIntent dnOpenClose dnShort% dnSlot# dnLocation )"
        f" contUpd% refType~ trailStop? trailPct? basis? basisType~ {_COMBO} {_SCALE} optOut% clrAcct clrIntent"
        f" notHeld% {_NEUTRAL} {_ALGO} solicited% whatIf% status{_STATUS} {_MARGINS} comm? minComm? maxComm? commCcy"
        f" warning randSize% randPx% {_BENCH} {_CONDITIONS} adjType_ triggerPx? trailStopAgain? lmtOffset? adjStop?"
        " adjStopLmt? adjTrail? adjUnit# tierName tierValue tierShown cashQty? autoPx% oms% upToLmt% mgmtAlgo%"
        f" duration~ postToAts~ cancelParent% {_COMPETE}",
    ),
    6: ("2", "tag! val! ccy acct!"),
    7: ("8", f"{_CONTRACT} primary {_NAMES} pos+ mktPx$ mktVal$ avgCost$ unrealized$ realized$ acct!"),
    8: ("1", "time!"),
    9: ("1", "id#"),
    10: (
        "",
        "reqId# sym! secType{STK|OPT|FUT|CASH|BAG} ltd strike$ right{|?|0|C|P} exch! ccy! localSym marketName tradClass"
        " conId# minTick$ mult orderTypes! validExch! magnifier# underConId# longName^ primary contractMonth industry"
        " category subcat tz! tradingHours liquidHours evRule evMult? many:secIds( tag! value! ) aggGroup~ underSym"
        " underSecType marketRuleIds! realExpDate stockType minSize+ sizeIncr+ suggSizeIncr+",
    ),
    11: (
        "",
        f"reqId# orderId# {_CONTRACT} exch! {_NAMES} execId! time! acct! venue! side{{BOT|SLD}} shares+ price$ permId#"
        " clientId# liquidation# cumQty+ avgPx$ orderRef evRule evMult? model lastLiq{0|1|2|3|4} revision%",
    ),
    12: ("1", "reqId# pos# op{0|1|2} side{0|1} px$ size+"),
    13: ("1", "reqId# pos# maker! op{0|1|2} side{0|1} px$ size+ isSmart%"),
    15: ("1", "accounts!"),
    17: ("", "reqId# start! end! many:bars( date! open$ high$ low$ close$ vol+ wap$ count# )"),
    19: ("1", "xml!"),
    20: (
        "3",
        "reqId# many:rows( rank# conId# sym! secType! ltd strike$ right exch! ccy! localSym marketName tradClass"
        " distance benchmark projection legs )",
    ),
    21: ("", f"reqId# tickType# attrib# {_OPTION_VALUES}"),
    45: ("6", "reqId# tickType# value$"),
    46: ("6", "reqId# tickType# value"),
    49: ("1", "epoch#"),
    50: ("3", "reqId# epoch# open$ high$ low$ close$ vol+ wap$ count#"),
    52: ("1", "reqId#"),
    53: ("1", ""),
    54: ("1", "acct!"),
    55: ("1", "reqId#"),
    57: ("1", "reqId#"),
    58: ("1", "reqId# type{1|2|3|4}"),
    59: ("1", "execId! comm$ ccy! realized? yield? yieldDate~"),
    61: ("3", f"acct! {_CONTRACT} exch {_NAMES} pos+ avgCost$"),
    62: ("1", ""),
    63: ("1", "reqId# acct! tag! val! ccy"),
    64: ("1", "reqId#"),
    71: ("1", f"reqId# acct! {_CONTRACT} exch {_NAMES} pos+ avgCost$ model"),
    72: ("1", "reqId#"),
    73: ("1", "reqId# acct! model tag! val! ccy"),
    74: ("1", "reqId#"),
    75: ("", "reqId# exch! underConId# tradClass! mult! many:exp( date! ) many:strikes( strike$ )"),
    76: ("", "reqId#"),
    77: ("", "reqId# many:tiers( name! value! shown! )"),
    78: ("", "many:codes( acct! code )"),
    79: ("", "reqId# many:found( conId# sym! secType! primary! ccy! many:deriv( type! ) description issuer )"),
    80: ("", "many:exchanges( exch! secType! listing service! aggGroup~ )"),
    81: ("", "reqId# minTick$ bbo! permissions#"),
    82: ("", "reqId# many:parts( bit# exch! letter! )"),
    83: ("", "reqId# type{0|1} text!"),
    84: ("", "reqId# milliseconds# provider! article! headline! extra"),
    85: ("", "many:providers( code! name! )"),
    86: ("", "reqId# time! provider! article! headline!"),
    87: ("", "reqId# more%"),
    88: ("", "reqId# timestamp!"),
    89: ("", "reqId# many:prices( price$ size+ )"),
    90: ("", "reqId# count# date! open$ close$ high$ low$ wap$ vol+"),
    93: ("", "id# many:increments( lowEdge$ incr$ )"),
    94: ("", "reqId# daily? unrealized? realized?"),
    95: ("", "reqId# pos+ daily? unrealized? realized? value?"),
    96: ("", "reqId# many:ticks( epoch# mask# price$ size+ ) done%"),
    97: ("", "reqId# many:ticks( epoch# mask# bid$ ask$ bidSize+ askSize+ ) done%"),
    98: ("", "reqId# many:ticks( epoch# mask# price$ size+ exch! conditions ) done%"),
    99: (
        "",
        "reqId# type{1|2|3|4} time# if:type=1|2( price$ size+ mask# exch! conditions )"
        " if:type=3( bid$ ask$ bidSize+ askSize+ mask# ) if:type=4( middle$ )",
    ),
    101: (
        "",
        f"{_CONTRACT} exch! {_NAMES} {_ORDER} origin# orderRef permId# outsideRth% hidden% discr$ goodAfter faGroup"
        " faMethod faPct model goodTill rule80A pctOffset? settlingFirm slot# location exempt# startPx? refPx? delta?"
        f" rangeLo? rangeHi? display~ sweep% aon% minQty~ ocaType# trigger# {_VOLATILITY}"
        " if:dnType( dnConId# dnShort% dnSlot# dnLocation )"
        f" contUpd% refType~ trailStop? trailPct? {_COMBO} {_SCALE} clrAcct clrIntent notHeld% {_NEUTRAL} {_ALGO}"
        f" solicited% status{_STATUS} randSize% randPx% {_BENCH} {_CONDITIONS} trailStopAgain? lmtOffset? cashQty?"
        " autoPx% oms% autoCancelDate filledQty+ refFutConId~ cancelParent% shareholder imbalance% routeToBbo%"
        f" parentPermId~ completedTime! completedStatus! {_COMPETE}",
    ),
    102: ("", ""),
    106: ("", "reqId# start! end! tz! many:sessions( start! end! refDate! )"),
    107: ("", "reqId# branding"),
}

_UNSET_DOUBLE = ("", "1.7976931348623157E308")
_WHOLE = re.compile(r"-?(0|[1-9]\d*)\Z")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?\Z")
_SIZE = re.compile(r"-?(0|[1-9]\d*)(\.\d*[1-9])?\Z")
_STRAY = frozenset({"none", "null", "nan", "-nan", "undefined", "inf", "infinity"})
_RULES: Final[dict[str, Callable[[str], object]]] = {
    "#": lambda text: _WHOLE.match(text) and text != "2147483647",
    "~": lambda text: not text or _WHOLE.match(text),
    "+": _SIZE.match,
    "$": _NUMBER.match,
    "?": lambda text: text in {*_UNSET_DOUBLE, "Infinity"} or _NUMBER.match(text),
    "%": lambda text: text in {"0", "1"},
    "!": bool,
    "^": lambda text: text and text.isascii(),
    "_": lambda text: text == "None" or text.lower() not in _STRAY,
}


class _Reader:
    """One message on its way through its layout."""

    def __init__(self, fields: Sequence[str], place: int) -> None:
        self.fields = fields
        self.place = place
        self.values: dict[str, str] = {}

    def take(self, name: str) -> str:
        if self.place >= len(self.fields):
            raise StrictError(f"message {self.fields[0]} ends before {name}: {self.fields}")
        text = self.fields[self.place]
        self.place += 1
        return text

    def read(self, words: Sequence[str]) -> None:
        rest = iter(words)
        for word in rest:
            if not word.endswith("("):
                self.check(word, self.take(word))
                continue
            inner = list(_group(rest))
            kind, _, condition = word[:-1].partition(":")
            if kind == "many":
                self.values[condition] = count = self.take(condition)
                if not _WHOLE.match(count) or int(count) < 0:
                    raise StrictError(f"message {self.fields[0]}: {count!r} is no count of {condition}")
                for _ in range(int(count)):
                    self.read(inner)
            elif self.holds(condition):
                self.read(inner)

    def holds(self, condition: str) -> bool:
        name, _, among = condition.partition("=")
        value = self.values[name]
        if among:
            return value in among.replace("_", " ").split("|")
        return value not in {"", "0"} and not value.startswith("-") and value not in _UNSET_DOUBLE

    def check(self, word: str, text: str) -> None:
        name, brace, choice = word.partition("{")
        kind = "" if brace or name[-1].isalnum() else name[-1]
        name = name.removesuffix(kind)
        self.values[name] = text
        if brace:
            fits = text in choice.rstrip("}").split("|")
        else:
            fits = bool(_RULES[kind](text)) if kind else text.lower() not in _STRAY
        if not fits or (kind in {"!", "^", ""} and text.lower() in _STRAY):
            raise StrictError(f"message {self.fields[0]}: {name} is {text!r} in {list(self.fields)}")


def _group(words: Iterator[str]) -> Iterator[str]:
    """Give the words up to the bracket that closes an opened group."""
    depth = 1
    for word in words:
        depth += word.endswith("(") - (word == ")")
        if not depth:
            return
        yield word


def read_strictly(fields: Sequence[str]) -> dict[str, str]:
    """Return the named fields of a message, the last of each name. Raises StrictError on the first that is wrong."""
    if not fields or not _WHOLE.match(fields[0]) or int(fields[0]) not in LAYOUTS:
        raise StrictError(f"no message of that id: {list(fields)[:3]}")
    version, layout = LAYOUTS[int(fields[0])]
    if version and fields[1:2] != [version]:
        raise StrictError(f"message {fields[0]} has not version {version}: {list(fields)[:3]}")
    reader = _Reader(fields, 2 if version else 1)
    reader.read(layout.split())
    if reader.place != len(fields):
        raise StrictError(f"message {fields[0]} has {len(fields) - reader.place} fields too many: {list(fields)}")
    return reader.values
