"""Small random worlds: a claim and a history of which everything is known, and the same with some of it left out.

What is left out is left out honestly: each lesser world can be completed to the whole one. A rule that is settled in the lesser world
has to be settled the same way in the whole one. Keys whose absence says something by the contract (`denied`, `diagnosis_pointers`,
`complete_to`, an authorization's own keys) stay.
"""

from __future__ import annotations

import copy
from random import Random
from typing import Any

from judging import policy

from cptrules import Claim, History, Policies, Report

TABLES = {
    "pairs.csv": "column_one,column_two,indicator,from,to\n97530,97110,1,,\n97140,97530,0,,2026-02-28\n97140,97530,1,2026-03-01,\n",
    "most.csv": "code,units\n97110,3\n97140,2\n",
    "gap.csv": "code,units,from,to\n97110,3,2026-01-01,2026-03-01\n97110,2,2026-03-03,\n97140,2,,\n",
    "weights.csv": "code,weight\n97110,1.5\n97530,2\n",
    "plans.csv": "plan,visits\nA,2\nB,3\nC,4\n",
    "holidays.csv": "date\n2026-01-01\n2026-01-19\n2026-02-16\n2026-03-20\n",
}
NAMES = """amount threshold {
  $150.00 from 2026-01-01 to 2026-02-28
  $200.00 from 2026-03-01 to 2026-03-02
  $250.00 from 2026-03-03
}
amount cap {
  6 when day includes 97530
  5 when first_time
  3
}
table edits from "pairs.csv" keys column_one, column_two values indicator
table most from "most.csv" keys code values units missing none
table gap from "gap.csv" keys code values units
table weights from "weights.csv" keys code values weight
table by_plan from "plans.csv" keys plan values visits missing 2
table closed from "holidays.csv" keys date
fact first_time of claim : yes_no "Is it the first time?"
fact at_home of line : yes_no "Was it at home?"
fact stage of claim : one of early, late "Which stage is it?"
fact decided of claim : date "When was it decided?"
"""
RULES = """
limit visits { count visits of PT, OT per calendar_year  at most 3  except diagnosis in F84.*  except patient.age < 21 DENY
limit visits_alike { count visits per month and discipline  at most 2 DENY
limit days_at_eleven { count treatment_days where (place_of_service in 11) per rolling 30 days and discipline  at most 2 DENY
limit dollars { count allowed of PT per benefit_year  at most threshold  unless modifier in KX attesting "needed" DENY
limit visits_by { count visits per benefit_year  at most 3 DENY
limit units_a_day { count units per day and code and billing_provider  at most most REDUCE
limit units_gap { count units per day and code  at most gap REDUCE
limit weights_a_day { count weights per day  at most 4 REDUCE
limit codes_a_month { count distinct code per month  at most 2 DENY
limit places { count distinct place_of_service per rolling 60 days  at most 1 DENY
limit claims { count distinct claim per month  at most 2 DENY
limit disciplines { count distinct discipline per day  at most 1 DENY
limit diagnoses { count distinct diagnosis per month  at most 1 DENY
limit group_size { count patients per day  at most 1 DENY
limit conditions { count visits of PT per lifetime and condition  at most 2 DENY
limit condition_a { when condition = "a"  count visits of PT per calendar_year and condition  at most 2 DENY
limit kinds { count visits per calendar_year and therapy_kind  at most 2 DENY
limit habilitative { when therapy_kind = habilitative  count units where (therapy_kind = habilitative) per calendar_year  at most 3 DENY
limit injuries { count visits per injury_number  at most 2 DENY
limit approvals { count authorizations per calendar_year  at most 1 DENY
limit duplicates { count lines per day and code and billing_provider and rendering_provider  at most 1  unless modifier in 76, 59 attesting "x" DENY
limit refused { count lines where (denied) per calendar_year  at most 1 DENY
limit before { count visits per prior 40 days and discipline  at most 1 DENY
limit charges { count charged where (telehealth) per week from monday  at most $200 DENY
limit minutes_a_claim { count minutes per claim  at most 50 DENY
limit payments { count paid per calendar_year  at most $120 DENY
limit capped { count units per day  at most cap REDUCE
limit of_some_plans { count visits per calendar_year  at most by_plan  when plan in "A", "B" DENY
limit of_plans { count visits per calendar_year  at most by_plan DENY
limit passive { on 97110  when day includes 97140  count units of 97110 per day  at most 1 REDUCE
limit specialists { count visits per month and specialty  at most 1 DENY
limit with_manual { count visits where (day includes 97140 where (telehealth)) per month  at most 1 DENY
modifiers discipline_of { on PT, OT  needs GP for PT, GO for OT  at most one of GP, GO DENY
modifiers assistants { when assisted  needs CQ for PT, CO for OT  refuse 59 DENY
require base { on 97140  with 97110 per day DENY
require base_in_claim { on 97140  with 97110 per claim DENY
require base_in_week { on 97140  with 97110 per week DENY
require place { that place_of_service in 11 or plan in "A" DENY
require places_not { that not place_of_service in 11 and plan != "A" and modifier not in 59 DENY
require modifiers_not { that modifier != 59 DENY
require fresh_order { that within 30 days after order DENY
require early_order { that has order and order < 2026-02-10 DENY
require pause { that at least 20 days after last visit of OT DENY
require pause_of_a_month { that at least 1 month after last visit DENY
require soon { that within 30 days after first visit of PT DENY
require after_injury { that last visit of PT within 30 days after injury DENY
require days_on { that days from first visit of PT to date_of_service < 40 DENY
require days_to { that days from date_of_service to received < 10 DENY
require business { that received within 8 business_days after date_of_service DENY
require business_before { that date_of_service at least 3 business_days after decided DENY
require has_a_fact { that has first_time DENY
require has_more { that has telehealth or in_network DENY
require network_no { that in_network = no DENY
require staged { that stage in early or first_time DENY
require not_late { that stage != late DENY
require counted { that count visits of PT per calendar_year <= 2 DENY
require exactly { that count units per day = 3 DENY
require role { that role in PT, OT DENY
require role_not { that role != PTA DENY
require code_of { that code in PT DENY
require some_minutes { that minutes >= 8 DENY
require any_minutes { that minutes >= 0 DENY
require charged_as_allowed { that charge = allowed DENY
require used_up { that other_payer.exhausted DENY
require other_decided { that received within 30 days after other_payer.decided DENY
require who { that rendering_provider in "7" DENY
forbid group { on 97110  when contact in group  instead 97150 DENY
forbid second { when day includes 97530 where (not at_home) and not telehealth DENY
forbid alone { when day includes no OT DENY
forbid manual { when claim includes 97140 where (units > 1) DENY
forbid long_ago { when at least 20 days after last visit DENY
forbid dollars_and_plan { when count allowed of OT per calendar_year > $100 and plan = "B" DENY
forbid injured { when has injury and within 60 days after injury DENY
forbid inpatient { when has admission or has discharge DENY
pairs edits_a_day { listed in edits per day and billing_provider  unless indicator = 1 and modifier in 59 attesting "distinct" DENY
pairs edits_a_claim { listed in edits per claim  unless indicator = 1 and modifier in 59 DENY
pairs edits_a_week { listed in edits per week  unless indicator = 1 and modifier in 59 DENY
deadline filing { that received within 90 days after date_of_service DENY
timing timed { on 97110, 97140, 97530  by cms_total_time  only minutes where (contact = one_on_one) REDUCE
timing midpoint { by ama_midpoint REDUCE
prior_authorization after_two { on PT  when first_time  after 2 visits of PT per calendar_year DENY
prior_authorization after_injury_visit { after 1 visits per injury_number DENY
""".strip().replace("DENY", " outcome deny  cite manual }").replace("REDUCE", " outcome reduce  cite manual }").splitlines()  # fmt: skip


def loaded(rules: list[str], header: str = "") -> Policies:
    return policy(NAMES + "\n".join(rules), f"holidays closed\n  {header}", TABLES)


DAYS = ("2025-12-30", "2026-01-02", "2026-01-30", "2026-02-20", "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-06")
_DISCIPLINES = {"97110": ("PT", "OT"), "97140": ("PT", "OT"), "97530": ("PT", "OT"), "92507": ("SLP",)}
_MARKS = {"PT": "GP", "OT": "GO", "SLP": "GN"}
_WHO = {
    "PT": ({"npi": "7", "role": "PT"}, {"npi": "9", "role": "PTA"}), "OT": ({"npi": "8", "role": "OT"}, {"npi": "6", "role": "OTA"}),
    "SLP": ({"npi": "5", "role": "SLP"},), None: ({"npi": "3", "role": "physician"},),
}  # fmt: skip
_INHERITED = ("place_of_service", "condition", "injury_number", "therapy_kind", "diagnoses")


def a_service(chance: Random, number: int | None = None) -> dict[str, Any]:
    """A line (with a number) or an earlier service, of one unit at least; code, modifiers, role and discipline never contradict one another."""
    pick = chance.choice
    code = pick(("97110", "97110", "97140", "97530", "97530", "92507", "99999"))
    discipline = pick(_DISCIPLINES.get(code, (None,)))
    marks = ((_MARKS.get(discipline or ""), 0.7), ("KX", 0.2), ("59", 0.25), ("76", 0.1), ("CQ", 0.1))
    found = {
        "code": code,
        "date_of_service": pick(DAYS if number is None else DAYS[-4:]),
        "units": pick((0, 1, 1, 2, 3) if number is not None else (1, 1, 2, 3)),
        "minutes": pick((0, 7, 8, 15, 22, 38)),
        "modifiers": [mark for mark, often in marks if mark and chance.random() < often],
        "allowed": pick(("0.00", "50.00", "99.99", "100.00", "150.00")),
        "charge": pick(("50.00", "150.00", "200.00")),
        "contact": pick(("one_on_one", "group", None)),
        "telehealth": pick((True, False, None)),
        "rendering_provider": dict(pick(_WHO[discipline])),
        "patients": pick((1, 2)),
        "facts": {"at_home": pick((True, False))},
        "place_of_service": pick(("11", "12")),
        "condition": pick(("a", "b", None)),
        "injury_number": pick(("i1", "i2", None)),
        "therapy_kind": pick(("habilitative", "rehabilitative")),
        "diagnoses": pick((["F84.0"], ["M54.50"], ["M54.50", "F84.0"], [])),
        **({"discipline": discipline} if discipline and chance.random() < 0.5 else {}),
    }
    if found["contact"] == "one_on_one":
        found["patients"] = 1
    if number is not None:
        return {"number": number, **{key: value for key, value in found.items() if key not in _INHERITED or chance.random() < 0.3}}
    return {
        **found,
        "billing_provider": dict(pick(({"npi": "1", "specialty": "65"}, {"npi": "2", "specialty": "65"}, {"npi": "2", "specialty": "67"}))),
        "denied": chance.random() < 0.2,
        "claim": pick(("C0", "C1", "C2", "C3")),
        "plan": pick(("A", "B")),
        "paid": pick(("20.00", "60.00", "120.00")),
        "in_network": pick((True, False)),
    }


def a_claim(chance: Random) -> dict[str, Any]:
    pick = chance.choice
    payers = (
        [],
        [{"order": "primary", "exhausted": True, "decided": "2026-03-01"}],
        [{"order": "primary", "exhausted": False, "decided": "2026-01-01"}],
    )
    return {
        "id": "C1",
        "payer": "ACME",
        "plan": pick(("A", "B", "C", None)),
        "received": pick(("2026-03-10", "2026-03-20", "2026-06-02", None)),
        "place_of_service": pick(("11", "12")),
        "diagnoses": pick((["F84.0"], ["M54.50"], [])),
        "billing_provider": {"npi": "1", "specialty": "65"},
        "patient": {"birth_date": pick(("1980-01-01", "2005-03-02")), "benefit_year_start": pick(("2026-01-01", "2025-03-02", "2024-07-01"))},
        "facts": {
            "first_time": pick((True, False, None)),
            "stage": pick(("early", "late", None)),
            "decided": pick(("2026-02-25", "2026-03-01", None)),
        },
        "condition": pick(("a", "b", None)),
        "injury_number": pick(("i1", "i2", None)),
        "therapy_kind": pick(("habilitative", "rehabilitative")),
        "in_network": pick((True, False, None)),
        "other_payers": copy.deepcopy(pick(payers)),
        "authorizations": [],
        "lines": [a_service(chance, number + 1) for number in range(chance.randint(1, 3))],
    }


def _events(chance: Random) -> list[dict[str, Any]]:
    """Either no injury is on file, or both are, before every service."""
    found = [
        {
            "kind": chance.choice(("injury", "accident")),
            "date": chance.choice(("2025-12-01", "2025-06-01")),
            **({"injury_number": number} if named else {}),
        }
        for number, named in (("i1", chance.random() < 0.6), ("i2", chance.random() < 0.6))
    ]
    found = found if chance.random() < 0.7 else []
    others = ["order", "admission", "discharge", *(("injury", "accident") if found else ())]
    return found + [{"kind": chance.choice(others), "date": chance.choice((*DAYS, "2026-02-10", "2026-04-01"))} for _ in range(chance.randint(0, 3))]


def a_history(chance: Random) -> dict[str, Any]:
    approvals = [
        {"number": f"A{n}", "from": "2026-01-15", "codes": chance.choice((["97110"], ["97530", "97140"]))} for n in range(chance.randint(0, 2))
    ]
    return {
        "complete_from": chance.choice(("2020-01-01", "1970-01-01")),
        "complete_to": "2026-12-31",
        "events": _events(chance),
        "authorizations": approvals,
        "services": [a_service(chance) for _ in range(chance.randint(0, 6))],
    }


# ---- leaving out -------------------------------------------------------------------------------------------------

_OF_LINE = ("modifiers", "units", "minutes", "allowed", "charge", "contact", "telehealth", "rendering_provider", "facts", "patients", "discipline")
_OF_CLAIM = ("plan", "received", "patient", "billing_provider", "facts", "in_network", "other_payers", *_INHERITED)
_OF_SERVICE = (*_OF_LINE, *_INHERITED, "date_of_service", "billing_provider", "plan", "paid", "in_network", "claim")


def lessened(claim: dict[str, Any], history: dict[str, Any], chance: Random) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The same world with some of it left out."""
    claim, history = copy.deepcopy(claim), copy.deepcopy(history)
    share = chance.choice((0.02, 0.05, 0.15, 0.4))
    _drop(claim, _OF_CLAIM, share, chance)
    for line in claim["lines"]:  # what a line has of its own may go only where it would not inherit another value
        _drop(line, (*_OF_LINE, *(key for key in _INHERITED if key not in claim)), share, chance)
    ours = chance.random() < 0.15
    for service in history["services"]:
        spared = {"billing_provider"} if ours else set()
        spared |= {"claim"} if service["claim"] == "C1" else set()
        _drop(service, tuple(key for key in _OF_SERVICE if key not in spared), share, chance)
    for event in history["events"]:
        _drop(event, ("date",), share, chance)
    _drop(history, ("events", "authorizations"), share, chance)
    _less_known(history, ours, chance)
    return claim, history if chance.random() > 0.05 else None


def _drop(record: dict[str, Any], keys: tuple[str, ...], share: float, chance: Random) -> None:
    for key in keys:
        if key in record and chance.random() < share:
            del record[key]
        elif isinstance(record.get(key), dict):
            _drop(record[key], tuple(record[key]), share, chance)


def _less_known(history: dict[str, Any], ours: bool, chance: Random) -> None:
    """Services known since a later day, to an earlier one, of one provider only, or not at all; some others are listed all the same."""
    services, kept = history["services"], lambda: chance.random() < 0.5
    way = chance.random()
    if ours:
        history["complete_for"] = "billing_provider"
        services = [one for one in services if one["billing_provider"]["npi"] == "1" or kept()]
    if way < 0.25:
        history["complete_from"] = since = chance.choice(DAYS[1:])
        services = [one for one in services if one.get("date_of_service", "9999") >= since or kept()]
    elif way < 0.45:
        history["complete_to"] = to = chance.choice(DAYS[1:])
        services = [one for one in services if one.get("date_of_service", "0000") <= to or kept()]
    elif way < 0.55:
        del history["complete_from"]
        services = [one for one in services if kept()]
    history["services"] = services
    if way > 0.95:
        del history["services"]


def judged(policies: Policies, claim: dict[str, Any], history: dict[str, Any] | None) -> Report:
    return policies.check(Claim.from_dict(claim), None if history is None else History.from_dict(history))


def verdicts(report: Report) -> dict[tuple[str, int], str]:
    """What became of each rule on each line."""
    return {(one.rule, number): one.status for one in report.rules for number in one.lines}


def contradictions(whole: Report, less: Report) -> list[tuple[str, int, str, str]]:
    """What was settled of the lesser world and is otherwise in the whole one; a policy that does not speak for the whole's plan is not applicable."""
    truth = verdicts(whole)
    settled = {"met": ("met", "not_applicable"), "not_applicable": ("met", "not_applicable"), "broken": ("broken",)}
    return [
        (rule, line, said, truth.get((rule, line), "not_applicable"))
        for (rule, line), said in verdicts(less).items()
        if said in settled and truth.get((rule, line), "not_applicable") not in settled[said]
    ]
