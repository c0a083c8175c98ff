"""Counters that are held as running totals: which ones can be, and what each counts, in the order of the claim's lines.

A counter is `local` where its group lies within the claim's own days (per day, claim or line), else it runs over a window of time that
the history is passed over for, once for all counters. What is not listed here is left to the reference.
"""

from __future__ import annotations

from typing import Final

import attrs

from ..fields import FIELDS
from ..policy import CodeSet, Condition, Counter, KindKey, Policy, TimeKey, WindowKey
from . import depends
from .depends import Parts
from .eras import set_spans

LOCAL: Final = ("day", "claim", "line")
WINDOWS: Final = ("calendar_year", "benefit_year", "month", "week", "rolling", "lifetime")
AMOUNTS: Final = {"units": "units", "minutes": "minutes", "charged": "charge", "allowed": "allowed"}
# Parts of the shape that a service of the history has itself.
_OF_SERVICE: Final = frozenset((
    "code", "modifiers", "discipline", "role", "contact", "patients", "telehealth", "revenue_code", "place_of_service", "therapy_kind",
))  # fmt: skip
_OF_CLAIM: Final = frozenset(("claim.place_of_service", "claim.therapy_kind"))  # what only a line inherits
_KINDS_LOCAL: Final = ("discipline", "code", "billing_provider", "specialty", "rendering_provider")
_KINDS_PAST: Final = ("discipline", "code")


@attrs.frozen(eq=False)
class Running:
    """A counter as a running total.

    `form`: sum, lines, distinct or most. `time`: its key of time. `kinds`: the keys of kind that tell groups apart. `parts`: what
    membership of a line hangs on.
    """

    number: int
    policy: Policy
    counter: Counter
    form: str
    time: TimeKey
    kinds: tuple[str, ...]
    parts: Parts

    @property
    def local(self) -> bool:
        """Whether its group lies within the claim's own days."""
        return self.time.name in LOCAL

    @property
    def bit(self) -> int:
        """Its bit in the masks of who feeds what."""
        return 1 << self.number

    @property
    def ours(self) -> bool:
        """Whether only the billing provider's own services count."""
        return any(isinstance(key, KindKey) and key.name == "billing_provider" for key in self.counter.keys)

    @property
    def by_code(self) -> bool:
        """Whether a service of a stated discipline counts or not by more than that discipline."""
        of = self.counter.of
        return self.counter.where is not None or (of is not None and not only_disciplines(of))


def only_disciplines(selector: CodeSet) -> bool:
    """Whether a set names disciplines and nothing else, on every date."""
    return all(entry.kind == "discipline" for entry in (*selector.entries, *selector.excluding)) and not any(
        span.from_ or span.to for span in set_spans(selector)
    )


def running(number: int, counter: Counter, policy: Policy) -> Running | None:
    """Give a counter as a running total, or None where only the reference counts it."""
    form, time = _form(counter), _time(counter)
    if form is None or time is None:
        return None
    kinds = tuple(key.name for key in counter.keys if isinstance(key, KindKey))
    local = time.name in LOCAL
    if not set(kinds) <= set(_KINDS_LOCAL if local else _KINDS_PAST) or (kinds and time.name == "line"):
        return None
    parts = depends.of_all((_of(counter), depends.of_condition(counter.where) if counter.where is not None else frozenset()))
    assumed = {field.name for field, _ in policy.assumes}
    if parts is None or assumed & {AMOUNTS.get(counter.measure, ""), "discipline", "minutes", "rendering_provider"}:
        return None
    if not local and not _past(counter, parts, form):
        return None
    told = tuple(kind for kind in kinds if kind not in ("billing_provider", "specialty"))  # one claim has one of these
    return Running(number, policy, counter, form, time, told, parts)


def _of(counter: Counter) -> Parts:
    return depends.of_selector(counter.of) if counter.of is not None else frozenset()


def _time(counter: Counter) -> TimeKey | None:
    """Its one key of time."""
    times = [key for key in counter.keys if isinstance(key, TimeKey | WindowKey)]
    only = times[0] if len(times) == 1 else None
    return only if isinstance(only, TimeKey) and only.name in (*LOCAL, *WINDOWS) else None


def _form(counter: Counter) -> str | None:
    match counter.measure:
        case "visits" | "treatment_days":
            return "distinct"
        case "distinct" if counter.field is not None and counter.field == FIELDS["code"]:
            return "distinct"
        case "lines":
            return "lines"
        case "patients":
            return "most"
        case measure if measure in AMOUNTS:
            return "sum"
        case _:
            return None


def _past(counter: Counter, parts: Parts, form: str) -> bool:
    """Whether the history's services can be counted by their own shapes."""
    if form == "most" or counter.measure == "distinct" or asks(counter.where, "denied", "assisted", "role"):
        return False
    return parts <= _OF_SERVICE | _OF_CLAIM


def asks(where: Condition | None, *names: str) -> bool:
    """Whether a condition asks for one of some fields."""
    from ..evaluate import parts_of

    asked = [getattr(part, "field", None) for part in parts_of(where)] if where is not None else []
    return any(field is not None and field.name in names for field in asked)
