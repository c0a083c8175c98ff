"""One service more beside a count that is at its limit: of another discipline, code or provider, on the first day that counts, the day before.

Where a key keeps such services apart, or the time counted ends before them, the limit stands; else it is past.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import islice
from typing import Any, Final

from .counting import span_of
from .dates import Span
from .drafts import RENDERING, Draft
from .policy import CodeSet, Counter, KindKey, TimeKey
from .vocabulary import DISCIPLINES, KIND_KEYS
from .ways import Way, codes_of

_ONE: Final = timedelta(days=1)
_MOST_CODES: Final = 40
_OTHER_CLINIC: Final[Mapping[str, str]] = {"npi": "1000000003", "specialty": "67"}


def one_more(counter: Counter, draft: Draft) -> Iterator[Way]:
    """Drafts with one service more than one whose count is at its limit."""
    if any(isinstance(key, TimeKey) and key.name in ("line", "claim", "authorization") for key in counter.keys):
        return
    spans = [span for span in (span_of(key, *draft.judged()) for key in counter.keys if not isinstance(key, KindKey)) if isinstance(span, Span)]
    for span in spans:
        if span.from_ is not None and span.from_ < draft.day and span.from_.year > 1901:
            for first in (span.from_, span.from_ - _ONE):
                yield f"a service more on {first}", draft.with_services(draft.service(first))
    day = _free_day(draft, spans)
    for name in KIND_KEYS if day is not None else ():
        yield from ((said, draft.with_services(more)) for said, more in islice(_of_another(name, counter.of, draft, day or draft.day), 1))


def _free_day(draft: Draft, spans: list[Span]) -> date | None:
    """The line's own day where only that is counted, else the last one before those of the draft's services."""
    if any(span.from_ == span.to for span in spans):
        return draft.day
    day = min([draft.day, *(date.fromisoformat(one["date_of_service"]) for one in draft.services)]) - _ONE
    return day if all(span.holds(day) for span in spans) else None


def _of_another(name: str, of: CodeSet | None, draft: Draft, day: date) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A service like the line but for one thing, where the counter's selector holds it too."""
    match name:
        case "discipline" | "code":
            for code, discipline in _alike(of, draft):
                like = draft.with_code(code, discipline)
                differs = like.discipline != draft.discipline if name == "discipline" else code != draft.line["code"]
                if differs and (of is None or of.holds(code, day, like.discipline or None)):
                    yield f"a service of {like.discipline or code if name == 'discipline' else code} more", like.service(day)
        case "billing_provider" | "specialty":
            yield f"a service more by another {name.replace('_', ' ')}", draft.service(day, billing_provider=dict(_OTHER_CLINIC))
        case "rendering_provider":
            another = {**draft.line["rendering_provider"], "npi": f"{RENDERING[:-1]}4"}
            yield "a service more by another rendering provider", draft.service(day, rendering_provider=another)
        case "therapy_kind":
            plain = [one for one in draft.line["modifiers"] if one not in ("96", "97")]
            yield "a habilitative service more", draft.service(day, modifiers=plain, therapy_kind="habilitative")
        case "condition":
            yield "a service more for another condition", draft.service(day, condition="B")
        case _:
            return


def _alike(of: CodeSet | None, draft: Draft) -> Iterator[tuple[str, str | None]]:
    """The line's own code under each discipline, then what the selector names."""
    yield from ((draft.line["code"], discipline) for discipline in DISCIPLINES)
    yield from islice(codes_of(of, draft), _MOST_CODES) if of is not None else ()
    yield from (("97110", "PT"), ("97530", "OT"), ("92507", "SLP"))
