"""Authorizations (M7) and the rules of kind `prior_authorization`: what binds, what is used, when it was asked for."""

from __future__ import annotations

import random
from typing import Any

import pytest
from judging import claim, history, judge, line, missing, policy, service, status

from cptrules import Policies, Report

RULE = "prior_authorization needed { on PT, OT  %s outcome deny carc CO-197  cite manual }\n"


@pytest.fixture(scope="module")
def acme() -> Policies:
    return policy(RULE % "")


def record(**more: Any) -> dict[str, Any]:
    """An authorization that states its number and its dates, all of 2026."""
    return {"number": "A1", "from": "2026-01-01", "to": "2026-12-31", **more}


def filed(*records: dict[str, Any], services: tuple[dict[str, Any], ...] = (), **more: Any) -> dict[str, Any]:
    return history(*services, authorizations=list(records), **more)


def judged(policies: Policies, *records: dict[str, Any], services: tuple[dict[str, Any], ...] = (), **more: Any) -> Report:
    """The report of one line with some authorizations on file."""
    return judge(policies, claim(line(), **more), filed(*records, services=services))


# ---- M7.1: what it states binds ----------------------------------------------------------------------------------


def test_m7_1_no_list_is_unknown_and_an_empty_list_is_none(acme: Policies) -> None:
    open_ = judge(acme, claim(), history())
    assert (open_.outcome, missing(open_, "needed")) == ("undetermined", {"authorizations"})
    assert judge(acme, claim()).outcome == "undetermined"
    assert judge(acme, claim(), history(authorizations=[])).outcome == "deny"
    assert judge(acme, claim(), history(authorizations=None)).outcome == "deny"


def test_m7_1_a_number_on_the_claim_without_its_record_is_unknown(acme: Policies) -> None:
    for named in (claim(authorizations=["A9"]), claim(line(authorizations=["A9"]))):
        report = judge(acme, named, history(authorizations=[]))
        assert (report.outcome, missing(report, "needed")) == ("undetermined", {"authorizations"})
        assert judge(acme, named, filed(record())).outcome == "clean"


def test_m7_1_one_on_file_covers_whether_the_claim_names_it_or_not(acme: Policies) -> None:
    assert judged(acme, record()).outcome == "clean"
    assert judged(acme, record(), authorizations=["A1"]).outcome == "clean"


BINDS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"payer": "ACME"}, {}, True),
    ({"payer": "OTHER"}, {}, False),
    ({"plan": "GOLD"}, {"plan": "GOLD"}, True),
    ({"plan": "GOLD"}, {"plan": "SILVER"}, False),
    ({"plan": "GOLD"}, {"plan": None}, False),
    ({"codes": ["97110", "97140"]}, {}, True),
    ({"codes": ["97140"]}, {}, False),
    ({"from": "2026-03-04"}, {}, True),
    ({"from": "2026-03-05"}, {}, False),
    ({"to": "2026-03-04"}, {}, True),
    ({"to": "2026-03-03"}, {}, False),
    ({"discipline": "PT"}, {}, True),
    ({"discipline": "OT"}, {}, False),
    ({"billing_provider": {"npi": "1"}}, {}, True),
    ({"billing_provider": {"npi": "9"}}, {}, False),
    ({"kind": "notice"}, {}, True),
    ({"units": {"97110": 1}}, {}, True),
    ({"units": {"97110": 0}}, {}, False),
    ({"units": {"97140": 8}}, {}, False),
    ({"units": {"97140": 8}, "codes": ["97110", "97140"]}, {}, True),
]


@pytest.mark.parametrize(("stated", "claim_", "covers"), BINDS, ids=str)
def test_m7_1_what_it_states_binds(stated: dict[str, Any], claim_: dict[str, Any], covers: bool, acme: Policies) -> None:
    assert judged(acme, record(**stated), **claim_).outcome == ("clean" if covers else "deny")


@pytest.mark.parametrize("name", ["payer", "plan", "codes", "from", "to", "discipline", "billing_provider", "visits", "units",
                                  "visits_per_week", "units_per_visit", "used_visits", "kind"])  # fmt: skip
def test_m7_1_what_is_null_does_not_bind(name: str, acme: Policies) -> None:
    assert judged(acme, record(**{name: None})).outcome == "clean"


def test_m7_1_a_plan_that_is_stated_and_not_known_of_the_claim_is_asked_for(acme: Policies) -> None:
    report = judged(acme, record(plan="GOLD"))
    assert (report.outcome, missing(report, "needed")) == ("undetermined", {"plan"})
    assert judged(acme, record(plan="GOLD"), record(number="A2")).outcome == "clean"


def test_m7_1_of_several_each_may_cover_and_the_kind_binds_only_where_asked() -> None:
    asking = policy(RULE % "that authorization.kind = reviewed ")
    assert judged(asking, record(kind="notice")).outcome == "deny"
    assert judged(asking, record(kind="notice"), record(number="A2", kind="reviewed")).outcome == "clean"
    assert judged(asking, record(number="A2", kind="reviewed", codes=["97140"])).outcome == "deny"
    unknown = judged(asking, record())
    assert missing(unknown, "needed") == {"authorization.kind"}


def test_m7_1_authorized_as_a_condition() -> None:
    rules = "require approved { on 97110  that authorized where (authorization.kind = written)  outcome deny  cite manual }\n"
    assert judged(policy(rules), record(kind="written")).outcome == "clean"
    assert judged(policy(rules), record(kind="notice")).outcome == "deny"
    assert judge(policy(rules), claim(), history(authorizations=[])).outcome == "deny"
    assert judge(policy(rules), claim()).outcome == "undetermined"


# ---- M7.2: what is left of it ------------------------------------------------------------------------------------


def days(number: int, start: int = 1, **more: Any) -> tuple[dict[str, Any], ...]:
    return tuple(service(f"2026-02-{day:02}", **more) for day in range(start, start + number))


def test_m7_2_visits_are_counted_in_the_history(acme: Policies) -> None:
    assert judged(acme, record(visits=4), services=days(3)).outcome == "clean"
    assert judged(acme, record(visits=3), services=days(3)).outcome == "deny"
    assert judged(acme, record(visits=3), services=(*days(2), *days(2, code="97140"))).outcome == "clean"
    assert judged(acme, record(visits=3), services=(*days(2), *days(1, 3, denied=True))).outcome == "clean"
    assert judged(acme, record(visits=3, codes=["97110"]), services=days(3, code="97140")).outcome == "clean"
    assert judged(acme, record(visits=3), services=(*days(2), service("2026-03-05"))).outcome == "clean"


def test_m7_2_what_the_history_may_lack_is_asked_for(acme: Policies) -> None:
    report = judge(acme, claim(), filed(record(visits=4), services=days(3), since="2026-02-01"))
    assert (report.outcome, missing(report, "needed")) == ("undetermined", {"history.complete_from"})
    assert judge(acme, claim(), filed(record(visits=3), services=days(3), since="2026-02-01")).outcome == "deny"
    theirs = filed(record(visits=4), services=days(3), complete_for="billing_provider")
    assert judge(acme, claim(), theirs).outcome == "undetermined"
    ours = filed(record(visits=4, billing_provider={"npi": "1"}), services=days(3), complete_for="billing_provider")
    assert judge(acme, claim(), ours).outcome == "clean"


def test_m7_2_used_visits_replace_the_history(acme: Policies) -> None:
    assert judge(acme, claim(), {"authorizations": [record(visits=4, used_visits=3)]}).outcome == "clean"
    assert judge(acme, claim(), {"authorizations": [record(visits=3, used_visits=3)]}).outcome == "deny"
    assert judged(acme, record(visits=4, used_visits=3), services=days(9)).outcome == "clean"


def test_m7_2_a_visit_that_another_claim_of_the_day_may_have_used_already_is_open(acme: Policies) -> None:
    report = judged(acme, record(visits=3, used_visits=3), services=(service("2026-03-04"),))
    assert (report.outcome, missing(report, "needed")) == ("undetermined", {"authorization.used_visits"})


def test_m7_2_where_no_visit_is_used_none_was_used_by_another_claim_of_the_day(acme: Policies) -> None:
    """One visit approved, none used, the claim's second: it was left open whether another claim of the first one's day had used it."""
    lines = [line(1, date_of_service="2026-03-03"), line(2, date_of_service="2026-03-04")]
    for approved, used, first, second in ((1, 0, "met", "broken"), (1, 1, "undetermined", "broken"), (2, 1, "met", "undetermined")):
        past = filed(record(visits=approved, used_visits=used), services=(service("2026-03-03"),))
        report = judge(acme, claim(*lines), past)
        assert [status(report, "needed", number) for number in (1, 2)] == [first, second], (approved, used)


def test_m7_2_the_earlier_lines_of_the_claim_always_count(acme: Policies) -> None:
    lines = [line(1, date_of_service="2026-03-04"), line(2, date_of_service="2026-03-05"), line(3, code="97140", date_of_service="2026-03-05")]
    report = judge(acme, claim(*lines), {"authorizations": [record(visits=4, used_visits=3)]})
    assert [status(report, "needed", number) for number in (1, 2, 3)] == ["met", "broken", "broken"]
    units = judge(acme, claim(line(1, units=2), line(2, units=2)), {"authorizations": [record(units={"97110": 10}, used_units={"97110": 7})]})
    assert [status(units, "needed", number) for number in (1, 2)] == ["met", "broken"]


def test_m7_2_a_later_line_of_a_covered_visit_is_covered(acme: Policies) -> None:
    lines = [line(1), line(2, code="97530", modifiers=["GO"]), line(3, code="97140")]
    report = judge(acme, claim(*lines), filed(record(visits=1)))
    assert [status(report, "needed", number) for number in (1, 2, 3)] == ["met", "broken", "met"]


def test_m7_2_units_are_counted_by_code(acme: Policies) -> None:
    past = (service("2026-02-01", units=6), service("2026-02-02", code="97140", units=20))
    stated = {"codes": ["97110", "97140"], "units": {"97110": 8}}
    assert judge(acme, claim(line(units=2)), filed(record(**stated), services=past)).outcome == "clean"
    assert judge(acme, claim(line(units=3)), filed(record(**stated), services=past)).outcome == "deny"
    assert judge(acme, claim(line(code="97140", units=30)), filed(record(**stated), services=past)).outcome == "clean"
    bare = {key: value for key, value in line().items() if key != "units"}
    assert missing(judge(acme, claim(bare), filed(record(**stated), services=past)), "needed") == {"units"}


def test_m7_2_used_units_of_another_code_say_nothing_of_this_one(acme: Policies) -> None:
    stated = record(units={"97110": 8, "97140": 8}, used_units={"97140": 1})
    assert judge(acme, claim(), filed(stated, services=days(8))).outcome == "deny"
    assert judge(acme, claim(), {"authorizations": [stated]}).outcome == "undetermined"
    assert judge(acme, claim(line(code="97140")), {"authorizations": [stated]}).outcome == "clean"


def test_m7_1_visits_a_week_from_sunday(acme: Policies) -> None:
    week = (service("2026-03-01"), service("2026-03-02"))  # a Sunday and a Monday; the line is on Wednesday
    assert judged(acme, record(visits_per_week=3), services=week).outcome == "clean"
    assert judged(acme, record(visits_per_week=2), services=week).outcome == "deny"
    assert judged(acme, record(visits_per_week=2), services=(service("2026-02-28"), service("2026-03-02"))).outcome == "clean"
    assert judged(acme, record(visits_per_week=2), services=(service("2026-03-02"), service("2026-03-05"))).outcome == "clean"
    assert judge(acme, claim(), {"authorizations": [record(visits_per_week=2, used_visits=1)]}).outcome == "undetermined"


def test_m7_1_units_a_visit(acme: Policies) -> None:
    lines = [line(1, units=2), line(2, code="97140", units=2), line(3, code="97530", units=1)]
    report = judge(acme, claim(*lines), filed(record(units_per_visit=4)))
    assert [status(report, "needed", number) for number in (1, 2, 3)] == ["met", "met", "broken"]
    assert judge(acme, claim(), {"authorizations": [record(units_per_visit=4)]}).outcome == "undetermined"
    other = judge(acme, claim(line(1, units=4), line(2, code="97530", units=4, modifiers=["GO"])), filed(record(units_per_visit=4)))
    assert other.outcome == "clean"
    assert judge(acme, claim(line(units=4)), filed(record(units_per_visit=4), services=(service("2026-03-04"),))).outcome == "deny"


def test_m7_2_a_service_of_a_discipline_nobody_states_may_count(acme: Policies) -> None:
    unsure = service("2026-02-01", modifiers=[])
    assert judged(acme, record(visits=1, discipline="PT"), services=(unsure,)).outcome == "undetermined"
    twice = (service("2026-02-01", modifiers=[]), service("2026-02-01", code="97140", modifiers=[]))
    assert judged(acme, record(visits=2), services=twice).outcome == "undetermined"
    assert judged(acme, record(visits=3), services=twice).outcome == "clean"


# ---- M7.3: which one ---------------------------------------------------------------------------------------------


def test_m7_3_of_several_the_one_that_ends_first() -> None:
    asking = policy("require which { on 97110  that authorization.kind = reviewed  outcome deny  cite manual }\n")
    first, later = record(kind="reviewed", to="2026-06-30"), record(number="A2", kind="notice")
    assert judged(asking, first, later).outcome == "clean"
    assert judged(asking, {**first, "kind": "notice"}, {**later, "kind": "reviewed"}).outcome == "deny"
    assert judged(asking, {**first, "to": "2026-03-03"}, {**later, "kind": "reviewed"}).outcome == "clean"
    assert judged(asking, {**first, "kind": "notice", "visits": 1, "used_visits": 1}, {**later, "kind": "reviewed"}).outcome == "clean"


def test_m7_3_where_none_covers_it_is_absent() -> None:
    asking = policy("forbid unapproved { on 97110  when not has authorization.number  outcome deny  cite manual }\n")
    assert judged(asking, record(codes=["97140"])).outcome == "deny"
    assert judged(asking, record()).outcome == "clean"
    assert judge(asking, claim(), history()).outcome == "undetermined"


def test_m7_3_one_named_whose_record_is_missing_may_be_the_one() -> None:
    asking = policy("require which { on 97110  that authorization.kind = reviewed  outcome deny  cite manual }\n")
    assert judged(asking, record(kind="reviewed"), authorizations=["A1", "A9"]).outcome == "undetermined"
    assert judged(asking, record(kind="reviewed"), record(number="A2", plan="GOLD", to="2027-06-30")).outcome == "clean"
    assert judged(asking, record(kind="reviewed"), record(number="A2", plan="GOLD", to="2026-06-30")).outcome == "undetermined"


# ---- M7.4: asked for in time, and what it must state -------------------------------------------------------------


def after_visit(received: str) -> dict[str, Any]:
    return record(received=received)


def test_m7_4_requested_within_covers_from_its_start_else_from_the_day_received() -> None:
    rules = policy(RULE % "requested within 10 days after injury ")
    told: list[dict[str, Any]] = [{"kind": "injury", "date": "2026-02-01"}]
    for received, outcome in (("2026-01-15", "clean"), ("2026-02-11", "clean"), ("2026-02-12", "deny")):
        first = claim(line(date_of_service="2026-02-01"))
        assert judge(rules, first, filed(after_visit(received), events=told)).outcome == outcome
    for received, outcome in (("2026-03-04", "clean"), ("2026-03-05", "deny")):
        assert judge(rules, claim(), filed(after_visit(received), events=told)).outcome == outcome


def test_m7_4_a_first_visit_that_is_not_known_is_judged_both_ways() -> None:
    rules = policy(RULE % "requested within 10 days after first visit of PT ")
    assert judge(rules, claim(), filed(after_visit("2026-03-04"))).outcome == "clean"
    assert judge(rules, claim(), filed(after_visit("2026-03-10"))).outcome == "undetermined"
    assert judge(rules, claim(), filed(after_visit("2026-03-15"))).outcome == "deny"


def test_m7_4_requested_at_least_before_or_it_does_not_count() -> None:
    rules = policy(RULE % "requested at least 3 days before date_of_service ")
    for received, outcome in (("2026-03-01", "clean"), ("2026-03-02", "deny"), ("2026-03-04", "deny")):
        assert judge(rules, claim(), filed(after_visit(received))).outcome == outcome


def test_m7_4_received_or_requested_where_that_is_left_out() -> None:
    rules = policy(RULE % "requested at least 3 days before date_of_service ")
    assert judge(rules, claim(), filed(record(requested="2026-03-01"))).outcome == "clean"
    assert judge(rules, claim(), filed(record(requested="2026-02-01", received="2026-03-02"))).outcome == "deny"
    assert judge(rules, claim(), filed(record(requested="2026-02-01", received=None))).outcome == "deny"
    open_ = judge(rules, claim(), filed(record()))
    assert missing(open_, "needed") == {"authorization.received"}


def test_m7_4_within_after_an_event_that_never_was_covers_from_the_day_received() -> None:
    rules = policy(RULE % "requested within 10 days after injury ")
    for received, outcome in (("2026-03-04", "clean"), ("2026-03-05", "deny")):
        assert judge(rules, claim(), filed(after_visit(received), events=[])).outcome == outcome


@pytest.mark.parametrize(("what", "stated", "left_out"), [
    ("code", {"codes": ["97110"]}, {"codes": None}),
    ("code", {"units": {"97110": 9}}, {"codes": []}),
    ("date", {}, {"to": None}),
    ("visits", {"visits": 5, "used_visits": 1}, {}),
])  # fmt: skip
def test_m7_4_matching_names_what_it_must_state(what: str, stated: dict[str, Any], left_out: dict[str, Any]) -> None:
    rules = policy(RULE % f"matching {what} ")
    assert judged(rules, record(**stated)).outcome == "clean"
    assert judged(rules, record(**left_out)).outcome == "deny"
    assert judged(rules, record(**stated, discipline="OT")).outcome == "deny"


# ---- after so many -----------------------------------------------------------------------------------------------


def after(clause: str, outcome: str = "deny") -> Policies:
    return policy(f"prior_authorization needed {{ {clause}  outcome {outcome}  cite manual }}\n")


def test_m4_after_twelve_visits_the_thirteenth_needs_one() -> None:
    rules = after("after 12 visits of PT per calendar_year")
    assert judge(rules, claim(), history(*days(11), authorizations=[])).outcome == "clean"
    assert judge(rules, claim(), history(*days(12), authorizations=[])).outcome == "deny"
    assert judge(rules, claim(), filed(record(), services=days(12))).outcome == "clean"
    assert judge(rules, claim(), history(*days(11))).outcome == "clean"  # the list of authorizations does not matter yet
    assert judge(rules, claim(), {"authorizations": []}).outcome == "undetermined"
    assert judge(rules, claim(), {"authorizations": [record()]}).outcome == "clean"


def test_m4_after_without_on_looks_at_what_its_counter_counts() -> None:
    rules = after("after 1 visits of PT per calendar_year")
    report = judge(rules, claim(line(code="97530", modifiers=["GO"])), history(*days(3), authorizations=[]))
    assert status(report, "needed") == "not_applicable"


def test_m4_after_straddling_deny_takes_the_line_and_reduce_leaves_the_free_part() -> None:
    clause = "after 5 units of PT per calendar_year"
    past = (service("2026-02-01", units=4),)
    told = history(*past, authorizations=[])
    assert judge(after(clause), claim(line(units=3)), told).outcome == "deny"
    report = judge(after(clause, "reduce"), claim(line(units=3)), told)
    assert (report.outcome, dict(report.findings[0].stands or {}), dict(report.findings[0].excess or {})) == ("reduce", {"units": 1}, {"units": 2})


def test_m3_4_without_after_a_reduce_leaves_nothing() -> None:
    report = judge(after("on PT", "reduce"), claim(line(units=3)), history(authorizations=[]))
    assert (report.outcome, dict(report.findings[0].stands or {})) == ("reduce", {"units": 0})


def test_m4_a_table_of_free_visits_without_the_row() -> None:
    rules = policy(
        'table free from "free.csv" keys code values visits\n'
        "prior_authorization needed { on 97110, 97140  after free visits of PT per calendar_year  outcome deny  cite manual }\n",
        files={"free.csv": "code,visits\n97140,1\n"},
    )
    told = history(*days(1), authorizations=[])
    assert status(judge(rules, claim(), told), "needed") == "not_applicable"
    assert status(judge(rules, claim(line(code="97140")), told), "needed") == "broken"


def test_m9_no_repair_says_why(acme: Policies) -> None:
    report = judge(acme, claim(), history(authorizations=[]))
    assert report.findings[0].repairs == ()
    assert report.findings[0].no_repair == "an authorization has to be asked for; none on file covers the line"


# ---- soundness ---------------------------------------------------------------------------------------------------

GAP = object()
FILLED: dict[str, list[Any]] = {
    "modifiers": [["GP"], ["GO"]], "units": [0, 1, 5], "plan": ["GOLD", None], "billing_provider": [{"npi": "1"}, {"npi": "2"}],
}  # fmt: skip
STATED: list[tuple[str, list[Any]]] = [
    ("discipline", ["PT", "OT"]), ("codes", [["97110"], ["97110", "97140"]]), ("visits", [0, 1, 2, 3]), ("used_visits", [0, 1, 2]),
    ("units", [{"97110": 2}, {"97110": 4}]), ("used_units", [{"97110": 1}, {"97140": 1}]), ("visits_per_week", [1, 2]),
    ("units_per_visit", [1, 2, 3]), ("plan", ["GOLD"]), ("kind", ["reviewed", "notice"]), ("billing_provider", [{"npi": "1"}]),
]  # fmt: skip


def drawn(chance: random.Random) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Authorizations, lines and services with gaps."""

    def one(**more: Any) -> dict[str, Any]:
        day = f"2026-03-0{chance.randint(1, 7)}"
        told = {"code": chance.choice(["97110", "97140"]), "date_of_service": day, **more}
        return told | {key: GAP if chance.random() < 0.3 else chance.choice(FILLED[key]) for key in ("modifiers", "units")}

    records = [
        record(number=f"A{n}", to=f"2026-03-0{chance.randint(4, 9)}", **{k: chance.choice(v) for k, v in STATED if chance.random() < 0.3})
        for n in range(chance.randint(1, 2))
    ]
    lines = [one(number=n) for n in range(1, chance.randint(2, 4))]
    past = [one(plan=GAP, billing_provider=GAP if chance.random() < 0.3 else {"npi": "1"}) for _ in range(chance.randint(0, 4))]
    return records, lines, past


def without_gaps(told: dict[str, Any], chance: random.Random | None = None) -> dict[str, Any]:
    """A service with its gaps filled by chance, or left out."""
    if chance is None:
        return {key: value for key, value in told.items() if value is not GAP}
    return {key: chance.choice(FILLED[key]) if value is GAP else value for key, value in told.items()}


@pytest.mark.parametrize("seed", range(120))
def test_m2_3_what_is_said_with_gaps_holds_however_they_are_filled(seed: int, sound: Policies) -> None:
    chance = random.Random(seed)
    records, lines, past = drawn(chance)
    for _ in range(3):
        before = judge(sound, claim(*map(without_gaps, lines)), filed(*records, services=tuple(map(without_gaps, past))))
        told = claim(*(without_gaps(one, chance) for one in lines), plan=chance.choice(["GOLD", "SILVER"]))
        after = judge(sound, told, filed(*records, services=tuple(without_gaps(one, chance) for one in past)))
        for number in range(1, len(lines) + 1):
            for rule in ("needed", "which"):
                assert status(before, rule, number) in ("undetermined", status(after, rule, number)) or status(after, rule, number) == "undetermined"


@pytest.fixture(scope="module")
def sound() -> Policies:
    return policy(RULE % "" + "require which { on PT, OT  that authorization.kind = reviewed  outcome deny  cite manual }\n")


def test_more_used_than_granted_is_said() -> None:
    acme = policy("prior_authorization approved { on PT  outcome deny  cite manual }\n")
    report = judge(acme, claim(), history(authorizations=[{"number": "A1", "visits": 12, "used_visits": 14}]))
    assert report.outcome == "deny"
    assert any("grants 12 visits, and 14" in note for note in report.notes)


# ---- what a finding says of those on file ------------------------------------------------------------------------

WHY: list[tuple[dict[str, Any], str]] = [
    ({"codes": ["97140", "97112"]}, "A1 is for 97112 and 97140"),
    ({"codes": ["97140", "97112", "97530", "97535"]}, "A1 is not for 97110"),
    ({"to": "2026-03-03"}, "A1 ended on 2026-03-03"),
    ({"from": "2026-03-05"}, "A1 begins on 2026-03-05"),
    ({"discipline": "OT"}, "A1 is for OT"),
    ({"payer": "OTHER"}, "A1 is for the payer OTHER"),
    ({"billing_provider": {"npi": "9"}}, "A1 is for another provider"),
    ({"visits": 12, "used_visits": 12}, "A1 is used up (12 visits approved, 13 with this line)"),
    ({"visits": 12, "used_visits": 20}, "A1 is used up (12 visits approved, 21 with this line)"),
    ({"units": {"97110": 4}, "used_units": {"97110": 4}}, "A1 is used up (4 units of 97110 approved, 5 with this line)"),
    ({"units_per_visit": 0}, "A1 is used up (0 units in the visit approved, 1 with this line)"),
]


@pytest.mark.parametrize(("stated", "told"), WHY, ids=str)
def test_a_finding_says_why_the_one_on_file_does_not_cover_the_line(stated: dict[str, Any], told: str, acme: Policies) -> None:
    (finding,) = judged(acme, record(**stated)).found
    assert finding.message == f"No authorization covers it: {told}."


def test_a_finding_says_it_of_each_and_of_no_more_than_three(acme: Policies) -> None:
    used = record(number="A1", visits=1)
    report = judged(acme, used, record(number="A2", to="2026-02-01"), services=(service("2026-02-03"),))
    assert report.found[0].message == "No authorization covers it: A1 is used up (1 visits approved, 2 with this line), A2 ended on 2026-02-01."
    many = judged(acme, *(record(number=f"A{n}", codes=["97140"]) for n in range(1, 6)))
    assert many.found[0].message == "No authorization covers it: A1 is for 97140, A2 is for 97140, A3 is for 97140, 2 more do not either."
    assert judged(acme).found[0].message == "No authorization covers it."


def test_a_finding_says_what_the_rule_asks_besides() -> None:
    (kind,) = judged(policy(RULE % "that authorization.kind = reviewed "), record(kind="notice")).found
    assert kind.message == "No authorization covers it: A1 is not as the rule asks (authorization kind is notice)."
    (matching,) = judged(policy(RULE % "matching code "), record()).found
    assert matching.message == "No authorization covers it: A1 does not state its codes."
    asked = policy(RULE % "requested at least 5 days before date_of_service ")
    (late,) = judged(asked, record(received="2026-03-02")).found
    assert late.message == "No authorization covers it: A1 was not asked for in time."
