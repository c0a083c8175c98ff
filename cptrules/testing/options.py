"""Policies that hold each option of the language by itself: one small rule for each key of time, measure, unit, method and clause.

Random policies (`policies`) mix everything; there a fault of one clause is rarely alone enough to be seen. Here each clause stands in a rule with
nothing beside it that could hide what it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .policies import HEAD, HEADERS, KINDS, MEASURES, NAMES, SELECTORS, TIMES, UNITS

_FEW: Final = ("1", "2", "3")


def option_policies() -> Iterator[str]:
    """The text of each small policy: a head and one rule; each loads without an error."""
    for head, rule in _rules():
        yield HEAD.format(head) + NAMES + rule


def _rules() -> Iterator[tuple[str, str]]:
    for part in (_limits, _conditions, _timings, _authorizations, _documents, _payments, _tables, _heads, _repaired):
        yield from part()


def _rule(kind: str, body: str, outcome: str = "deny carc CO-119") -> str:
    judged = f"  outcome {outcome}\n" if outcome else ""
    return f"{kind} rule_1 {{\n{body}{judged}  cite manual\n}}\n"


def _limits() -> Iterator[tuple[str, str]]:
    """Each key of time with two measures, then each measure, kind and selector by the month; what `reduce` and `keep` leave."""
    for key in TIMES:
        yield "", _limit(f"visits of PT per {key}", "1")
        yield "", _limit(f"units per {key}", "3")
    for measure in MEASURES:
        yield "", _limit(f"{measure} per month", "2")
    for kind in KINDS:
        yield "", _limit(f"treatment_days per month and {kind}", "2")
    for selector in SELECTORS:
        yield "", _limit(f"lines of {selector} per week", "2")
    yield "", _limit("visits where (telehealth) per month", "1")
    for most in _FEW:
        yield "", _limit("units per day", most, "reduce carc CO-119")
    yield "", _limit("allowed per month", "$100", "reduce carc CO-119")
    for keep in ("highest", "lowest"):
        for measure in ("units", "lines"):
            yield "", _rule("limit", f"  count {measure} per day\n  at most 1\n  keep {keep} practice_expense\n")


def _limit(counter: str, most: str, outcome: str = "deny carc CO-119") -> str:
    return _rule("limit", f"  count {counter}\n  at most {most}\n", outcome)


def _conditions() -> Iterator[tuple[str, str]]:
    """Each simple condition as what is asked, and as a clause of scope; near and far, each unit, before and after."""
    for condition in ("first_time", "at_home", "eased", "modifier in KX, 59", "diagnosis in M54.50, F70..F79", "stage in early", "has received",
                      "units != 2", "score != few", "allowed != $50", "patient.age >= 21", "day includes 97140",
                      "claim includes no 97140"):  # fmt: skip
        yield "", _rule("require", f"  that {condition}\n")
        for clause in ("when", "except", "unless"):
            yield "", _rule("forbid", f"  {clause} {condition}\n")
    for unit in UNITS:
        head = "  holidays closed\n"
        for start, after, anchor in (("received", "after", "date_of_service"), ("", "after", "surgery"), ("decided", "before", "date_of_service")):
            yield head, _rule("require", f"  that {start} within 10 {unit} {after} {anchor}\n")
        if unit != "business_days":
            yield "", _rule("require", f"  that at least 10 {unit} after surgery\n")
    yield "  holidays closed\n", _rule("deadline", "  that received within 10 business_days after date_of_service\n")


def _timings() -> Iterator[tuple[str, str]]:
    for method in ("cms_total_time", "ama_midpoint"):
        for ties in ("", "  ties to more minutes\n", "  ties to first listed\n", "  ties to highest practice_expense\n"):
            for outcome in ("deny carc CO-119", "reduce carc CO-119"):
                yield "", _rule("timing", f"  on fifteen_minute\n  by {method}\n{ties}", outcome)
    for method in ("cms_percentage", "cms_simple", "exact"):
        needs = _rule("modifiers", "  when assisted\n  needs CQ for PT, CO for OT\n").replace("rule_1", "rule_2")
        yield "", _rule("timing", f"  on fifteen_minute\n  by cms_total_time\n  assisted by {method}\n") + needs


def _authorizations() -> Iterator[tuple[str, str]]:
    yield "", _rule("prior_authorization", "")
    yield "", _rule("prior_authorization", "  after 2 visits of PT per calendar_year\n")
    for matching in ("code", "date", "visits"):
        yield "", _rule("prior_authorization", f"  matching {matching}\n")
    for requested in ("within 10 days after surgery", "within 5 business_days after date_of_service", "at least 5 days before date_of_service"):
        yield "  holidays closed\n", _rule("prior_authorization", f"  requested {requested}\n")


def _documents() -> Iterator[tuple[str, str]]:
    for needed in ("progress_report every 30 days", "certification every 90 days", "progress_report every 1 months", "evaluation",
                   "progress_report every 3 visits", "progress_report every 10 treatment_days per discipline"):  # fmt: skip
        yield "", _rule("documentation", f"  needs {needed}\n")


def _payments() -> Iterator[tuple[str, str]]:
    for percent in (10, 15, 50, 85):
        yield "", _rule("payment", f"  pay {percent}%\n", "")
        yield "", _rule("payment", f"  pay {percent}% of practice_expense\n", "")


def _tables() -> Iterator[tuple[str, str]]:
    yield "", _rule("limit", "  count units per day\n  at most most\n")
    for key in ("day", "claim", "week"):
        yield "", _rule("pairs", f"  listed in pairs_of_codes per {key}\n")
        yield "", _rule("pairs", f"  listed in pairs_of_codes per {key}\n  unless indicator = 1 and modifier in 59, XE\n")


def _heads() -> Iterator[tuple[str, str]]:
    """Each line of a policy's head, over rules that find something."""
    for head in dict.fromkeys(HEADERS):
        yield head, _rule("forbid", "")
        yield head, _limit("visits of PT per month", "1")


def _repaired() -> Iterator[tuple[str, str]]:
    """Two rules of which the one forbids, or asks more of, what would mend the other: no edit clears both."""
    needs, refuses = _rule("modifiers", "  needs KX\n"), _rule("forbid", "  when modifier in KX\n")
    few, many = _limit("units per day", "1", "reduce carc CO-119"), _rule("require", "  that units >= 2\n")
    for one, two in ((needs, refuses), (few, many)):
        yield "", one + two.replace("rule_1", "rule_2")
