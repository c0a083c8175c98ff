"""One-on-one minutes of one provider that overlap over several sessions of a day: only one of them can have been."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from .claims import UNKNOWN, Intervention, Provider, Session
from .codesets import code_table


@attrs.frozen
class Overlap:
    """Two interventions that one provider gave one on one at the same time, each as its session's name and its number in it.

    `start` is the time of day at which they begin to overlap, `minutes` for how long they do.
    """

    first: tuple[str, int]
    second: tuple[str, int]
    start: str
    minutes: int

    def to_dict(self) -> dict[str, Any]:
        """Give plain dicts and lists."""
        sides = ({"session": name, "intervention": number} for name, number in (self.first, self.second))
        return {"interventions": list(sides), "start": self.start, "minutes": self.minutes}

    def __str__(self) -> str:
        (one, number), (other, place) = self.first, self.second
        return (
            f"overlap: intervention {number} of session {one} and intervention {place} of session {other} share {self.minutes} minutes from "
            f"{self.start} of one provider, one on one"
        )


def overlapping(sessions: Iterable[Session]) -> tuple[Overlap, ...]:
    """Find one-on-one minutes of one provider that overlap over several sessions of a day.

    Seen are interventions with `start`, `minutes` and a rendering provider's number; those of one session are looked at when it is read.
    """
    spans = sorted(_spans(sessions), key=lambda span: span[:4])
    found = []
    for place, (day, npi, _, end, session, whose) in enumerate(spans):
        for other_day, other_npi, begins, ends, other, theirs in spans[place + 1 :]:
            if (other_day, other_npi) != (day, npi) or begins >= end:
                break
            if other != session:
                at = f"{begins // 60:02}:{begins % 60:02}"
                found.append(Overlap(whose, theirs, at, min(end, ends) - begins))
    return tuple(found)


def _spans(sessions: Iterable[Session]) -> Iterator[tuple[Any, str, int, int, int, tuple[str, int]]]:
    """Day, provider, first minute of the day, minute after the last, the session's place in the list, and whose it is."""
    for index, session in enumerate(sessions, 1):
        name = session.id if isinstance(session.id, str) else str(index)
        for number, part in enumerate(session.interventions, 1):
            provider = part.rendering_provider
            npi = provider.npi if isinstance(provider, Provider) else None
            time = time_of(part)
            if _one_on_one(part) and isinstance(npi, str) and time is not None:
                yield session.date, npi, *time, index, (name, number)


def time_of(part: Intervention) -> tuple[int, int] | None:
    """Give an intervention's first minute of the day and the minute after its last; None where it does not say them, or took none."""
    if not (isinstance(part.start, str) and isinstance(part.minutes, int) and part.minutes):
        return None
    hours, _, minutes = part.start.partition(":")
    start = 60 * int(hours) + int(minutes)
    return start, start + part.minutes


def _one_on_one(part: Intervention) -> bool:
    """Said to be; or an evaluation, of which nobody says it, for it can be nothing else."""
    known = code_table().code(part.code) if part.contact is UNKNOWN else None
    return part.contact == "one_on_one" or (known is not None and known.kind == "evaluation")
