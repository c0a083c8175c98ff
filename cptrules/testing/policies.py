"""Random policies, well typed: text over the whole language that loads without a mistake.

Every name that a rule uses is declared, every value is of the type that is due; the text is small and reads like a policy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

Draw = Callable[[Any], Any]

PAYER: Final = "ACME"
HEAD: Final = (
    'policy acme.random {{\n  title "Random"\n  payer "ACME"\n  uses libraries.therapy_codes\n{0}}}\n'
    'source manual {{\n  title "Manual"\n  url "https://example.org/manual"\n  confirmed 2026-01-01\n}}\n'
)
_EXTENDING: Final = "  extends edits.ncci_practitioner\n"  # shipped; a file of its own, and so the only base that one file can have
NAMES: Final = """fact first_time of claim : yes_no "Is it the first time?"
fact at_home of line : yes_no "Was it at home?"
fact member of patient : yes_no "Is the patient a member?"
fact stage of claim : one of early, late "Which stage is it?"
fact score of claim : number "Which score has the patient?"
fact deductible of patient : money "What is the deductible?"
fact decided of claim : date "When was it decided?"
event surgery { preauthorized : yes_no "Was it authorized?"  procedure : code "Which procedure?" }
amount few = 3
amount stepped {
  2 to 2026-02-28
  4 from 2026-03-01
}
amount by_fact {
  5 when first_time
  2
}
amount dollars_by_date {
  $100 to 2026-03-03
  $200 from 2026-03-04
}
window from_july   { year from 07-01 }
window first_weeks { opens on first visit of PT  lasts 6 weeks  then again }
window per_kind    { opens on evaluations  lasts 90 days  per discipline }
window recovery    { opens after surgery where (preauthorized)  lasts 30 days }
window spell       { opens on surgery  since 2026-01-01 }
window dated       { opens on 2026-02-10  lasts 1 month }
term eased = first_time or patient.age < 21
counter pt_visits = visits of PT per calendar_year
codes some_codes = 97110, 97140, 97530
codes of_their_time = 97110, 97140 from 2026-02-01, 97530 to 2026-03-01 excluding 97150 from 2026-01-01
codes pt_but = PT excluding some_codes
table most from "tables/mue_practitioner.csv" keys code values units missing none
table practice_expense from "tables/mpfs_practice_expense.csv" keys code values practice
table pairs_of_codes from "tables/ncci_ptp.csv" keys column_one, column_two values indicator
table closed from "tables/federal_holidays.csv" keys date
window course      { opens on first visit of OT when not telehealth  lasts 10 days }
window anew        { opens on evaluations when first_time or at least 60 days after last visit  per discipline and condition }
"""
SELECTORS: Final = (
    "PT", "OT", "PT, OT", "PT, OT, SLP", "97110", "97110, 97140", "some_codes", "97110..97140", "9711*", "PT excluding 97140", "evaluations",
    "PT, OT excluding evaluations", "of_their_time", "pt_but",
)  # fmt: skip
KINDS: Final = ("discipline", "code", "billing_provider", "rendering_provider", "therapy_kind", "condition")
TIMES: Final = (
    "day", "week", "week from monday", "month", "calendar_year", "benefit_year", "lifetime", "claim", "prior 30 days", "rolling 60 days",
    "rolling 2 months", "injury_number", "from_july", "first_weeks", "per_kind", "recovery", "spell", "dated", "course", "anew",
)  # fmt: skip
MEASURES: Final = ("visits", "treatment_days", "units", "lines", "minutes", "distinct code", "patients", "authorizations", "practice_expense")
_NUMBERS: Final = ("0", "1", "2", "3", "few", "stepped", "by_fact", "score")
_MONEY: Final = ("$50", "$120.50", "dollars_by_date", "deductible")
UNITS: Final = ("days", "weeks", "months", "business_days")
_MOMENTS: Final = (
    "date_of_service", "received", "surgery", "order", "injury", "first visit of PT", "last visit of PT, OT", "first visit in first_weeks", "decided",
    "surgery where (preauthorized)", "patient.enrolled", "last visit of PT excluding evaluations",
    "first visit of OT where (telehealth)", "last visit where (units > 1)",
)  # fmt: skip
_OUTCOMES: Final = ("deny carc CO-119", "deny carc PR-96 rarc N362", "pend", "warn", "inform")


def policies(rules: int = 3) -> st.SearchStrategy[str]:
    """Give the text of random policies of the payer ACME with one to so many rules; each loads without an error."""
    return st.composite(_policy)(rules)


def _policy(draw: Draw, rules: int) -> str:
    header = _one(draw, HEADERS)
    extending = draw(st.integers(0, 4)) == 4
    many = draw(st.integers(1, rules))
    written = [draw(st.sampled_from(_WRITERS))(draw, f"rule_{number}") for number in range(1, many + 1)]
    layer = _one(draw, _LAYERS) if extending else ""
    tests = _test(draw) if draw(st.integers(0, 2)) == 2 else ""
    return HEAD.format(header + _EXTENDING * extending) + NAMES + "".join(written) + layer + tests


HEADERS: Final = (
    "", "", "  effective from 2026-01-01\n", "  assume first_time = no\n", "  except place_of_service in 12\n", "  holidays closed\n",
    "  holidays closed\n", "  holidays closed\n",
    '  plans "A", "B"\n', "  when in_network\n", "  on PT, OT\n", "  effective to 2025-12-31\n  effective from 2026-02-01\n",
)  # fmt: skip
_LAYERS: Final = (
    "", "override pairs ncci_edits {\n  outcome warn\n  without unless indicator = 1 and modifier in 25 attesting "
    '"The visit was significant and separate"\n  cite manual\n}\n',
    "override pairs ncci_edits {\n  except telehealth\n  cite manual\n}\n",
    'drop pairs ncci_edits from 2026-03-01 because "another edit is used" cite manual\n',
    'drop pairs ncci_edits to 2026-02-28 because "not yet" cite manual section "3"\n',
)  # fmt: skip


def _one(draw: Draw, words: tuple[str, ...]) -> str:
    return str(draw(st.sampled_from(words)))


# ---- conditions --------------------------------------------------------------------------------------------------


def condition(draw: Draw, depth: int = 2) -> str:
    """A condition of so many levels."""
    if depth and draw(st.booleans()):
        sign = _one(draw, ("and", "or", "not"))
        if sign == "not":
            return f"not ({condition(draw, depth - 1)})"
        return f"({condition(draw, depth - 1)}) {sign} ({condition(draw, depth - 1)})"
    return str(draw(st.sampled_from(_SIMPLE))(draw))


def _fact(draw: Draw) -> str:
    return _one(draw, ("first_time", "at_home", "member", "eased", "telehealth", "in_network", "assisted", "other_payer.exhausted"))


def _listed(draw: Draw) -> str:
    return _one(draw, (
        "modifier in KX, 59", "modifier not in GP", "place_of_service in 11, 12", "role in PT, PTA", "contact in group", "stage in early",
        "diagnosis in F84.*", "diagnosis in M54.50, F70..F79", "code in 97110..97140", "plan in \"A\", \"B\"", "discipline in PT", "role not in aide",
    ))  # fmt: skip


def _compared(draw: Draw) -> str:
    left, right = draw(st.sampled_from([
        ("units", "2"), ("minutes", "15"), ("patient.age", "21"), ("score", "few"), ("allowed", "$50"), ("charge", "allowed"),
        ("date_of_service", "2026-03-01"), ("received", "date_of_service"), ("days from surgery to date_of_service", "30"), ("surgery", "2026-02-01"),
    ]))  # fmt: skip
    return f"{left} {_one(draw, ('=', '!=', '<', '<=', '>', '>='))} {right}"


def _counted(draw: Draw) -> str:
    return f"count {counter(draw)} {_one(draw, ('<', '<=', '>', '>=', '='))} {_one(draw, _NUMBERS)}"


def _has(draw: Draw) -> str:
    return f"has {_one(draw, ('surgery', 'order', 'first_time', 'received', 'authorization.number', 'decided', 'minutes'))}"


def _included(draw: Draw) -> str:
    none = _one(draw, ("", "no "))
    where = _one(draw, ("", " where (telehealth)", " where (units > 1)"))
    of = _one(draw, ("97140", "97530, 97110", "PT", "evaluations", "PT, OT excluding evaluations"))
    return f"{_one(draw, ('day', 'claim', 'line', 'first_weeks'))} includes {none}{of}{where}"


def _near(draw: Draw) -> str:
    how = _one(draw, ("within", "at least"))
    start = _one(draw, ("", *_MOMENTS))
    number = draw(st.integers(1, 60))
    unit = _one(draw, UNITS if how == "within" else UNITS[:3])
    return f"{start} {how} {number} {unit} {_one(draw, ('after', 'before'))} {_one(draw, _MOMENTS)}".strip()


def _inside(draw: Draw) -> str:
    return f"in {_one(draw, ('from_july', 'first_weeks', 'per_kind', 'recovery', 'spell', 'dated'))}"


def _authorized(draw: Draw) -> str:
    return _one(draw, ("authorized", "authorized where (authorization.kind = written)", "authorized where (authorization.visits <= 12)"))


def _tabled(draw: Draw) -> str:
    """A table's value beside a field, found by the field named like its key or by another."""
    return f"units {_one(draw, ('<', '<=', '>', '>='))} {_one(draw, ('most', 'most of code', 'practice_expense of code'))}"


_SIMPLE: Final = (_fact, _listed, _compared, _counted, _has, _included, _near, _inside, _authorized, _tabled)

# ---- counters ----------------------------------------------------------------------------------------------------


def counter(draw: Draw, measures: tuple[str, ...] = MEASURES) -> str:
    """A counter with one key of time and perhaps one of kind."""
    if measures is MEASURES and draw(st.integers(0, 9)) == 0:
        return "pt_visits"
    of = _one(draw, ("", *(f" of {selector}" for selector in SELECTORS)))
    where = "" if draw(st.booleans()) else f" where ({draw(st.sampled_from((_fact, _listed)))(draw)})"
    key = _one(draw, TIMES)
    kind = _one(draw, ("", *(f" and {name}" for name in KINDS)))
    return f"{_one(draw, measures)}{of}{where} per {key}{kind}"


# ---- rules -------------------------------------------------------------------------------------------------------


def _rule(draw: Draw, kind: str, name: str, demand: str, judged: bool = True, way_out: bool = True) -> str:
    on = "" if draw(st.integers(0, 2)) == 0 else f"  on {_one(draw, SELECTORS)}\n"
    when = "" if draw(st.booleans()) else f"  when {condition(draw, 1)}\n"
    exceptions = "" if draw(st.booleans()) else f"  except {condition(draw, 1)}\n"
    effective = _one(draw, ("", "", "  effective from 2026-01-15\n", "  effective to 2026-03-03\n"))
    attesting = _one(draw, ("", ' attesting "it was so"'))
    unless = "" if not way_out or draw(st.booleans()) else f"  unless {condition(draw, 1)}{attesting}\n"
    outcome = f"  outcome {_one(draw, _OUTCOMES)}\n" if judged else ""
    outcome += '  message "Not so on {date_of_service}, {code}"\n' if judged and draw(st.integers(0, 3)) == 3 else ""
    suspended = '  suspended because "a court said so"\n' if draw(st.integers(0, 11)) == 11 else ""
    section = _one(draw, ("", "", ' section "10.3"'))
    return f"{kind} {name} {{\n{on}{when}{exceptions}{effective}{suspended}{demand}{unless}{outcome}  cite manual{section}\n}}\n"


def _limit(draw: Draw, name: str) -> str:
    if draw(st.integers(0, 3)) == 0:
        return _rule(draw, "limit", name, f"  count {counter(draw, ('allowed', 'charged', 'paid'))}\n  at most {_one(draw, _MONEY)}\n")
    kept = draw(st.integers(0, 3))
    if kept == 3:
        keep = _one(draw, ("first", "highest practice_expense", "lowest practice_expense"))
        counted, most = _one(draw, ("units", "lines")), _one(draw, ("1", "2", "most"))
        text = _rule(draw, "limit", name, f"  count {counted} per day\n  at most {most}\n  keep {keep}\n")
    else:
        text = _rule(draw, "limit", name, f"  count {counter(draw)}\n  at most {_one(draw, _NUMBERS)}\n")
    return text.replace("outcome pend", "outcome reduce")


def _pairs(draw: Draw, name: str) -> str:
    """Pairs of a table, with the columns of a row among the fields."""
    key = _one(draw, ("day", "day and billing_provider", "claim", "week"))
    unless = _one(draw, ("", '  unless indicator = 1 and modifier in 59, XE attesting "distinct"\n', "  unless indicator = 1\n"))
    return _rule(draw, "pairs", name, f"  listed in pairs_of_codes per {key}\n{unless}", way_out=False)


def _prior(draw: Draw, name: str) -> str:
    after = "" if draw(st.booleans()) else f"  after {_one(draw, _NUMBERS)} {counter(draw, ('visits', 'treatment_days', 'units'))}\n"
    that = _one(draw, ("", "  that authorization.kind = reviewed\n", "  that authorization.to within 6 months after authorization.from\n"))
    matching = _one(draw, ("", "  matching code\n", "  matching date, visits\n"))
    requested = _one(draw, ("", "  requested within 10 days after surgery\n", "  requested at least 5 days before date_of_service\n"))
    return _rule(draw, "prior_authorization", name, f"{after}{that}{matching}{requested}")


def _modifiers(draw: Draw, name: str) -> str:
    demand = _one(draw, ("needs GP for PT, GO for OT", "needs one of GP, GO, GN", "needs all of GP, KX", "at most one of GP, GO", "refuse 59, CQ",
                         "needs CQ for PT, CO for OT", 'needs KX attesting "it was needed"'))  # fmt: skip
    return _rule(draw, "modifiers", name, f"  {demand}\n")


def _require(draw: Draw, name: str) -> str:
    if draw(st.integers(0, 3)) == 0:
        beside, key = _one(draw, ("97110", "97140, 97530", "evaluations")), _one(draw, ("day", "claim", "first_weeks"))
        return _rule(draw, "require", name, f"  with {beside} per {key}\n")
    return _rule(draw, "require", name, f"  that {condition(draw)}\n")


def _forbid(draw: Draw, name: str) -> str:
    return _rule(draw, "forbid", name, _one(draw, ("", "  instead 97150\n")))


def _deadline(draw: Draw, name: str) -> str:
    time = _one(draw, ("30 days", "1 year", "10 business_days"))
    return _rule(draw, "deadline", name, f"  that received within {time} after date_of_service\n")


def _timing(draw: Draw, name: str) -> str:
    method = _one(draw, ("cms_total_time", "ama_midpoint"))
    assisted = _one(draw, ("", "  assisted by cms_percentage\n", "  assisted by cms_simple\n", "  assisted by exact\n"))
    only = _one(draw, ("", "  only minutes where (contact = one_on_one)\n"))
    only += _one(draw, ("", "  ties to more minutes\n", "  ties to first listed\n", "  ties to highest practice_expense\n"))
    text = _rule(draw, "timing", name, f"  by {method}\n{assisted}{only}", way_out=False)
    # Units of another length than fifteen minutes are refused by the methods: a timing rule is about codes of fifteen.
    lines = [line for line in text.splitlines() if not line.startswith("  on ")]
    return "\n".join([lines[0], f"  on {_one(draw, ('fifteen_minute', '97110, 97140', 'some_codes'))}", *lines[1:]]) + "\n"


def _documentation(draw: Draw, name: str) -> str:
    demand = _one(draw, ("needs signature, credentials", "needs progress", "needs interventions, total_minutes", "needs evaluation, surgery",
                         "needs progress_report every 10 treatment_days per discipline", "needs certification every 90 days",
                         "needs one of progress, functional_outcome", "that note.similarity_to_previous < 90%",
                         "that note.plan_of_care.ends >= date_of_service", "needs progress_report every 3 visits"))  # fmt: skip
    return _rule(draw, "documentation", name, f"  {demand}\n")


def _payment(draw: Draw, name: str) -> str:
    demand = f"  pay {draw(st.integers(1, 100))}%{_one(draw, ('', '', ' of practice_expense'))}\n"
    if draw(st.integers(0, 2)) == 2:
        demand = "  rank by practice_expense per day and billing_provider rest lose 50% of practice_expense\n"
    text = _rule(draw, "payment", name, demand, judged=False, way_out=False)
    return text.replace("count paid", "count allowed").replace("paid of", "allowed of").replace("paid per", "allowed per")


_WRITERS: Final = (
    _limit, _limit, _prior, _modifiers, _require, _require, _forbid, _deadline, _timing, _documentation, _payment, _pairs,
)  # fmt: skip

# ---- tests -------------------------------------------------------------------------------------------------------

_CLAUSES: Final = (
    "history complete from 2026-01-01", "history complete from 2026-01-01 to 2026-02-28", "history complete for billing_provider",
    "service 97110 GP units 1 on 2026-01-05", "service 97140 GO units 2 on 3 days from 2026-01-05",
    "service 97110 on 3 days from 2026-01-05 every 7 days",
    "balance visits of PT excluding evaluations 3 from 2026-01-01 to 2026-02-01", "balance allowed $120.50 from 2026-01-01 to 2026-02-01",
    "authorization A1 for 97110, 97140 from 2026-01-01 to 2026-06-30 visits 12", "authorization A2 for PT used_visits 3",
    "event surgery on 2026-02-01 preauthorized yes procedure 29880", "note progress_report on 2026-02-20 discipline PT progress \"Walks 40 feet.\"",
    "session on 2026-03-04 total_minutes 45 note.signature \"A\"\n  intervention 97110 minutes 23 role PT", "set first_time no",
    "set diagnoses F84.0, M54.50", "set authorizations none", "set modifiers GP, KX",
)  # fmt: skip
_EXPECTATIONS: Final = (
    "clean", "undetermined missing first_time", "deny by rule_1 on line 1 carc CO-119", "deny by rule_1 rarc N362", "reduce by rule_1 stands 1 units",
    "reduce by rule_1 stands $50.00", "deny by rule_1 repair \"add KX\"", "inform pays $58.20", "undetermined missing practice_expense 97112",
)  # fmt: skip


def _test(draw: Draw) -> str:
    """A test of the file: what it expects need not come true."""
    given = draw(st.lists(st.sampled_from(_CLAUSES), max_size=9, unique=True))
    body = "".join(f"  {clause}\n" for clause in given)
    again = f'  variant "another day" {{\n    line 97140 GP\n    expect {_one(draw, _EXPECTATIONS)}\n  }}\n' if draw(st.booleans()) else ""
    head = '  claim on 2026-03-04 place_of_service 11\n  line 97110 GP KX units 2 minutes 30\n'
    return f'test "one" {{\n{head}{body}  expect {_one(draw, _EXPECTATIONS)}\n{again}}}\n'
