"""Whose line it is (M6), and the kinds `modifiers`, `require`, `forbid`, `pairs` and `deadline`, clause by clause."""

from __future__ import annotations

from typing import Any

import pytest
from judging import claim, history, judge, line, missing, policy, service, status

from cptrules import Policies, Report


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in names}


def by(rule: str, report: Report) -> list[tuple[int, ...]]:
    """The lines that a rule has findings on."""
    return [finding.lines for finding in report.findings if finding.rule == rule]


def first_message(report: Report, rule: str) -> str:
    return next(finding.message for finding in report.findings if finding.rule == rule)


# ---- M6.1: discipline --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def disciplines() -> Policies:
    return policy("".join(f"forbid is_{d.lower()} {{ when discipline = {d}  outcome inform  cite manual }}\n" for d in ("PT", "OT", "SLP")))


def discipline_of(policies: Policies, **more: Any) -> str | None:
    """The discipline that a line is found to have; None where it is not known or has none."""
    report = judge(policies, claim({**line(modifiers=[]), **more}))
    found = [d for d in ("PT", "OT", "SLP") if status(report, f"is_{d.lower()}") == "broken"]
    return found[0] if found else None


@pytest.mark.parametrize(("told", "found"), [
    ({"discipline": "OT", "modifiers": ["GP"]}, "OT"),
    ({"discipline": "SLP", "code": "97161", "rendering_provider": {"role": "PT"}}, "SLP"),
    ({"modifiers": ["GO"], "code": "97161"}, "OT"),
    ({"modifiers": ["59", "GN"], "rendering_provider": {"role": "PT"}}, "SLP"),
    ({"code": "97161", "rendering_provider": {"role": "OT"}}, "PT"),
    ({"code": "97165"}, "OT"),
    ({"code": "92507"}, "SLP"),
    ({"rendering_provider": {"role": "PTA"}}, "PT"),
    ({"rendering_provider": {"role": "OTA"}}, "OT"),
    ({"rendering_provider": {"role": "SLPA"}}, "SLP"),
    ({"discipline": None, "modifiers": ["GP"]}, "PT"),
    ({}, None),
    ({"rendering_provider": {"role": "physician"}}, None),
], ids=str)  # fmt: skip
def test_m6_1_the_first_that_says_so(told: dict[str, Any], found: str | None, disciplines: Policies) -> None:
    assert discipline_of(disciplines, **told) == found


def test_m6_1_nobody_says_so_is_asked_for(disciplines: Policies) -> None:
    report = judge(disciplines, claim(line(modifiers=[])))
    assert missing(report, "is_pt") == {"discipline"}
    assert status(report, "is_slp") == "not_applicable"  # the code is never billed by speech
    assert status(judge(disciplines, claim(without(line(rendering_provider={"role": "PT"}), "modifiers"))), "is_ot") == "undetermined"


DISAGREE: list[tuple[dict[str, Any], bool]] = [
    ({"discipline": "PT", "modifiers": ["GO"]}, True),
    ({"modifiers": ["GP", "GO"]}, True),
    ({"modifiers": ["GO"], "code": "97161"}, True),
    ({"modifiers": ["GP"], "rendering_provider": {"role": "OTA"}}, True),
    ({"code": "97165", "rendering_provider": {"role": "PT"}}, True),
    ({"discipline": "PT", "modifiers": ["GP"], "code": "97161", "rendering_provider": {"role": "PTA"}}, False),
    ({"modifiers": ["GP"], "rendering_provider": {"role": "physician"}}, False),
    ({"modifiers": ["GP"], "code": "97530"}, False),
]


@pytest.mark.parametrize(("told", "disagree"), DISAGREE, ids=str)
def test_m6_1_two_that_disagree_are_a_finding_of_no_policy(told: dict[str, Any], disagree: bool, disciplines: Policies) -> None:
    report = judge(disciplines, claim({**line(modifiers=[]), **told}))
    found = [finding for finding in report.findings if finding.rule == "disciplines_disagree"]
    assert [(f.policy, f.outcome, f.lines) for f in found] == ([(None, "warn", (1,))] if disagree else [])
    if disagree:
        assert report.at_least == "warn"
        assert found[0].no_repair


# ---- M6.2: role and therapy kind ---------------------------------------------------------------------------------


def test_m6_2_roles_by_minutes_else_the_rendering_providers() -> None:
    acme = policy("forbid helper { when role in PTA  outcome deny  cite manual }\n")
    provider = {"rendering_provider": {"role": "PTA"}}
    assert judge(acme, claim(line(**provider))).outcome == "deny"
    assert judge(acme, claim(line(minutes_by={"PT": 30}, **provider))).outcome == "clean"
    assert judge(acme, claim(line(minutes_by={"PT": 20, "PTA": 10}, rendering_provider={"role": "PT"}))).outcome == "deny"
    assert missing(judge(acme, claim(line())), "helper") == {"role"}
    assert judge(acme, claim(line(rendering_provider=None))).outcome == "clean"


@pytest.mark.parametrize(("told", "outcome"), [
    ({"modifiers": ["GP", "96"], "therapy_kind": "rehabilitative"}, "deny"),
    ({"modifiers": ["GP", "97"], "therapy_kind": "habilitative"}, "clean"),
    ({"therapy_kind": "habilitative"}, "deny"),
    ({}, "clean"),
    ({"modifiers": ["GP", "96", "97"]}, "undetermined"),
    ({"modifiers": ["GP", "97", "96"]}, "undetermined"),
], ids=str)  # fmt: skip
def test_m6_2_therapy_kind_by_its_modifier_else_the_lines_else_the_claims(told: dict[str, Any], outcome: str) -> None:
    acme = policy("forbid skills { when therapy_kind = habilitative  outcome deny  cite manual }\n")
    assert judge(acme, claim({**line(), **told}, therapy_kind="rehabilitative")).outcome == outcome
    assert judge(acme, claim(line())).outcome == "undetermined"
    assert judge(acme, claim(line(), therapy_kind="habilitative")).outcome == "deny"


# ---- modifiers ---------------------------------------------------------------------------------------------------


def modifiers(clause: str, *, kind: str = "deny") -> Policies:
    return policy(f"modifiers wanted {{ {clause}  outcome {kind} carc CO-4  cite manual }}\n")


def outcome(policies: Policies, *marks: str, **more: Any) -> str:
    return judge(policies, claim({**line(modifiers=list(marks)), **more})).outcome


def test_modifiers_needs_for_a_discipline() -> None:
    acme = modifiers("needs GP for PT, GO for OT, GN for SLP")
    assert outcome(acme, "GP") == "clean"
    assert outcome(acme, "59", discipline="PT") == "deny"
    assert outcome(acme, "59", discipline="OT") == "deny"
    assert outcome(acme, "GO", discipline="OT") == "clean"
    assert outcome(acme) == "deny"  # PT or OT, whichever it is
    assert outcome(acme, code="97161") == "deny"
    assert outcome(acme, code="92610") == "undetermined"  # perhaps it is no therapy at all
    report = judge(acme, claim(line(modifiers=["GO"], discipline="PT")))
    assert [repair.value for repair in report.findings[0].repairs] == ["GP"]


def test_modifiers_that_are_not_known() -> None:
    acme = modifiers("needs CQ for PT, CO for OT")
    bare = without(line(discipline="PT"), "modifiers")
    report = judge(acme, claim(bare))
    assert (report.outcome, missing(report, "wanted")) == ("undetermined", {"modifier"})
    assert judge(acme, claim({**bare, "discipline": "SLP"})).outcome == "clean"
    assert outcome(modifiers("needs KX"), modifiers=None) == "deny"


def test_modifiers_needs_one_of_and_all_of() -> None:
    acme = modifiers("needs one of 59, XE, XU")
    assert [outcome(acme, *marks) for marks in (("GP",), ("GP", "XU"), ("GP", "59", "XE"))] == ["deny", "clean", "clean"]
    every = modifiers("needs all of GP, KX")
    assert [outcome(every, *marks) for marks in (("GP",), ("KX",), ("KX", "GP"), ())] == ["deny", "deny", "clean", "deny"]
    assert [repair.value for repair in judge(every, claim(line())).findings[0].repairs] == ["KX"]


def test_modifiers_at_most_one_of_and_refuse() -> None:
    acme = modifiers("at most one of GP, GO, GN")
    assert [outcome(acme, *marks) for marks in ((), ("GP",), ("GP", "59"), ("GP", "GO"))] == ["clean", "clean", "clean", "deny"]
    twice = judge(acme, claim(line(modifiers=["GP", "GO"], discipline="OT")))
    assert [(repair.op, repair.value) for repair in twice.findings[0].repairs] == [("remove_modifier", "GP")]
    refused = modifiers("refuse KX, GA")
    assert [outcome(refused, *marks) for marks in (("GP",), ("GP", "GA"))] == ["clean", "deny"]
    assert [repair.value for repair in judge(refused, claim(line(modifiers=["GP", "GA"]))).findings[0].repairs] == ["GA"]
    both = judge(refused, claim(line(modifiers=["KX", "GA"]))).findings[0]
    assert (both.repairs, bool(both.no_repair)) == ((), True)


def test_modifiers_several_clauses_all_hold() -> None:
    acme = modifiers("needs GP\n  needs one of 96, 97\n  refuse 59")
    assert outcome(acme, "GP", "96") == "clean"
    for marks in (("96",), ("GP",), ("GP", "96", "59")):
        assert outcome(acme, *marks) == "deny"


def test_modifiers_one_that_attests_is_added_only_when_told() -> None:
    acme = modifiers('needs KX attesting "The record supports it"')
    report = judge(acme, claim(line()))
    assert [(repair.value, repair.attests) for repair in report.findings[0].repairs] == [("KX", "The record supports it")]
    assert judge(acme, report.repair().to_dict()).outcome == "deny"
    assert judge(acme, report.repair(attest={"KX"}).to_dict()).outcome == "clean"


# ---- require -----------------------------------------------------------------------------------------------------


def test_require_that_holds_for_every_clause() -> None:
    acme = policy("require fit { on PT  that place_of_service in 11, 12\n  that units <= 4  outcome deny  cite manual }\n")
    assert judge(acme, claim(line(place_of_service="11"))).outcome == "clean"
    assert judge(acme, claim(line(place_of_service="21"))).outcome == "deny"
    assert judge(acme, claim(line(place_of_service="12", units=5))).outcome == "deny"
    assert missing(judge(acme, claim(line())), "fit") == {"place_of_service"}
    assert judge(acme, claim(line(units=5))).outcome == "deny"
    assert judge(acme, claim(line(code="97530", modifiers=["GO"]))).outcome == "clean"


def test_require_unless_is_another_way() -> None:
    acme = policy('require fit { that place_of_service in 11  unless modifier in KX attesting "It is so"  outcome deny  cite manual }\n')
    report = judge(acme, claim(line(place_of_service="21", modifiers=["GP", "KX"])))
    assert report.outcome == "clean"
    assert "unless modifier in KX" in next(one.why for one in report.rules if one.rule == "fit")


BESIDE = "require base { on 97130  with 97129 per %s  outcome deny carc CO-107  cite manual }\n"


def test_require_with_another_beside_it_per_day_and_provider() -> None:
    acme = policy(BESIDE % "day and billing_provider")
    addon, base = line(1, code="97130"), line(2, code="97129")
    assert judge(acme, claim(addon, base)).outcome == "clean"
    assert judge(acme, claim(addon), history()).outcome == "deny"
    assert judge(acme, claim(addon)).outcome == "undetermined"
    assert judge(acme, claim(addon, {**base, "date_of_service": "2026-03-05"}), history()).outcome == "deny"
    assert judge(acme, claim(addon), history(service("2026-03-04", code="97129"))).outcome == "clean"
    assert judge(acme, claim(addon), history(service("2026-03-03", code="97129"))).outcome == "deny"
    assert judge(acme, claim(addon), history(service("2026-03-04", code="97129", denied=True))).outcome == "deny"
    other = service("2026-03-04", code="97129", billing_provider={"npi": "9"})
    assert judge(acme, claim(addon), history(other)).outcome == "deny"
    assert judge(acme, claim(addon), history(without(other, "billing_provider"))).outcome == "undetermined"


def test_require_with_needs_another_line_not_itself() -> None:
    acme = policy("require pair { on 97110  with 97110 per claim  outcome deny  cite manual }\n")
    assert judge(acme, claim(line())).outcome == "deny"
    assert judge(acme, claim(line(), line(2))).outcome == "clean"


def test_require_with_per_claim_needs_no_history() -> None:
    acme = policy(BESIDE % "claim")
    assert judge(acme, claim(line(code="97130"))).outcome == "deny"
    assert judge(acme, claim(line(code="97130"), line(2, code="97129", date_of_service="2026-03-09"))).outcome == "clean"


# ---- forbid ------------------------------------------------------------------------------------------------------


def test_forbid_what_on_and_when_describe() -> None:
    acme = policy("forbid group { on 97110  when contact in group  instead 97150  outcome deny carc CO-4  cite manual }\n")
    assert judge(acme, claim(line(contact="one_on_one"))).outcome == "clean"
    assert missing(judge(acme, claim(line())), "group") == {"contact"}
    assert judge(acme, claim(line(code="97140", contact="group"))).outcome == "clean"
    report = judge(acme, claim(line(contact="group", units=2)))
    assert (report.outcome, report.findings[0].carc) == ("deny", "CO-4")
    assert "97150" in report.findings[0].message
    assert [(repair.op, repair.value) for repair in report.findings[0].repairs] == [("set_code", "97150")]


def test_forbid_except_and_unless() -> None:
    acme = policy("forbid never { on 97110  except place_of_service in 12  unless modifier in KX  outcome deny  cite manual }\n")
    assert status(judge(acme, claim(line(place_of_service="12"))), "never") == "not_applicable"
    assert status(judge(acme, claim(line(place_of_service="11", modifiers=["GP", "KX"]))), "never") == "met"
    assert status(judge(acme, claim(line(place_of_service="11"))), "never") == "broken"
    assert status(judge(acme, claim(line())), "never") == "undetermined"


# ---- pairs -------------------------------------------------------------------------------------------------------

TABLE = """column_one,column_two,indicator,from,to
97150,97110,1,,
97140,97124,0,,
97530,97116,1,2015-01-01,2019-12-31
97530,97140,9,2020-10-01,2020-10-01
97161,99213,1,,
97161,97164,0,,
"""
PAIRS = (
    'table edits from "edits.csv" keys column_one, column_two values indicator\n'
    "pairs ncci { listed in edits per %s\n"
    '  unless indicator = 1 and modifier in 59, XE, XP, XS, XU attesting "The services were distinct"\n'
    '  unless indicator = 1 and modifier in 25 attesting "The visit was separate"\n'
    '  outcome deny carc CO-236  message "{column_two} is part of {column_one}, indicator {indicator}"  cite manual }\n'
)


@pytest.fixture(scope="module")
def edits() -> Policies:
    return policy(PAIRS % "day and billing_provider", files={"edits.csv": TABLE})


def pair(first: str, second: str, one: tuple[str, ...] = ("GP",), two: tuple[str, ...] = ("GP",), **more: Any) -> dict[str, Any]:
    """A claim of two codes of one day."""
    return claim(line(1, code=first, modifiers=list(one), **more), line(2, code=second, modifiers=list(two), **more))


def test_pairs_only_the_second_columns_line_is_denied(edits: Policies) -> None:
    for first, second, denied in (("97150", "97110", 2), ("97110", "97150", 1)):
        report = judge(edits, pair(first, second), history())
        assert by("ncci", report) == [(denied,)]
        assert report.findings[0].message == "97110 is part of 97150, indicator 1"
    assert judge(edits, pair("97110", "97140"), history()).outcome == "clean"


@pytest.mark.parametrize("mark", ["59", "XE", "XP", "XS", "XU", "25"])
def test_pairs_a_modifier_on_either_line_opens_indicator_1(mark: str, edits: Policies) -> None:
    assert judge(edits, pair("97150", "97110", ("GP",), ("GP", mark)), history()).outcome == "clean"
    assert judge(edits, pair("97150", "97110", ("GP", mark), ("GP",)), history()).outcome == "clean"
    assert judge(edits, pair("97140", "97124", ("GP", mark), ("GP", mark)), history()).outcome == "deny"


def test_pairs_a_modifier_of_a_third_line_opens_nothing(edits: Policies) -> None:
    told = claim(line(1, code="97150"), line(2, code="97110"), line(3, code="97140", modifiers=["GP", "59"]))
    assert by("ncci", judge(edits, told, history())) == [(2,)]


def test_pairs_with_two_partners_one_way_out_is_not_both(edits: Policies) -> None:
    told = claim(line(1, code="97110"), line(2, code="97150", modifiers=["GP", "59"]), line(3, code="97150"))
    assert by("ncci", judge(edits, told, history())) == [(1,)]
    assert judge(edits, claim(line(1, modifiers=["GP", "59"]), line(2, code="97150"), line(3, code="97150")), history()).outcome == "clean"


def test_pairs_repairs_and_none_for_indicator_0(edits: Policies) -> None:
    open_ = judge(edits, pair("97150", "97110"), history()).findings[0]
    assert ("add_modifier", 2, "59", "The services were distinct") in [(r.op, r.line, r.value, r.attests) for r in open_.repairs]
    closed = judge(edits, pair("97140", "97124"), history()).findings[0]
    assert (closed.repairs, "indicator" in (closed.no_repair or "")) == ((), True)


def test_pairs_are_held_to_the_rows_dates(edits: Policies) -> None:
    for day, outcome_ in (("2014-12-31", "clean"), ("2015-01-01", "deny"), ("2019-12-31", "deny"), ("2020-01-01", "clean")):
        assert judge(edits, pair("97530", "97116", date_of_service=day), history(since="2000-01-01")).outcome == outcome_
    told = pair("97530", "97140", ("GP", "59"), ("GP", "59"), date_of_service="2020-10-01")
    assert judge(edits, told, history(since="2000-01-01")).outcome == "deny"  # withdrawn rows are the table's business


def test_pairs_per_day_and_billing_provider(edits: Policies) -> None:
    two_days = claim(line(1, code="97150"), line(2, code="97110", date_of_service="2026-03-05"))
    assert judge(edits, two_days, history()).outcome == "clean"
    per_claim = policy(PAIRS % "claim", files={"edits.csv": TABLE})
    assert judge(per_claim, two_days).outcome == "deny"


def test_pairs_a_partner_in_the_history(edits: Policies) -> None:
    first = service("2026-03-04", code="97150")
    assert judge(edits, claim(line()), history(first)).outcome == "deny"
    assert judge(edits, claim(line(code="97150")), history(service("2026-03-04"))).outcome == "clean"  # the other claim's line is second
    assert judge(edits, claim(line()), history({**first, "modifiers": ["GP", "59"]})).outcome == "clean"
    assert judge(edits, claim(line(modifiers=["GP", "XU"])), history(first)).outcome == "clean"
    assert judge(edits, claim(line()), history({**first, "denied": True})).outcome == "clean"
    assert judge(edits, claim(line()), history({**first, "date_of_service": "2026-03-03"})).outcome == "clean"
    assert judge(edits, claim(line()), history({**first, "billing_provider": {"npi": "9"}})).outcome == "clean"
    assert judge(edits, claim(line(), id="C1"), history({**first, "claim": "C1"})).outcome == "clean"


def test_pairs_of_whom_too_little_is_known(edits: Policies) -> None:
    first = service("2026-03-04", code="97150")
    assert judge(edits, claim(line()), history(without(first, "billing_provider"))).outcome == "undetermined"
    report = judge(edits, claim(line()), history(without(first, "modifiers")))
    assert (report.outcome, missing(report, "ncci")) == ("undetermined", {"modifier"})
    bare = claim(line(1, code="97150"), without(line(2), "modifiers"))
    assert judge(edits, bare, history()).outcome == "undetermined"
    closed = claim(line(1, code="97140"), without(line(2, code="97124"), "modifiers"))
    assert judge(edits, closed, history()).outcome == "deny"


def test_pairs_without_a_history_are_open_unless_a_modifier_opens_every_row(edits: Policies) -> None:
    report = judge(edits, claim(line()))
    assert (report.outcome, missing(report, "ncci")) == ("undetermined", {"history.complete_from"})
    assert judge(edits, claim(line(modifiers=["GP", "59"]))).outcome == "clean"
    assert judge(edits, claim(line(code="97124", modifiers=["GP", "59"]))).outcome == "undetermined"
    assert judge(edits, claim(line(code="97150"))).outcome == "clean"
    assert judge(edits, claim(line()), history(complete_to="2026-03-03")).outcome == "undetermined"
    assert judge(edits, claim(line()), history(complete_for="billing_provider")).outcome == "clean"
    assert judge(policy(PAIRS % "day", files={"edits.csv": TABLE}), claim(line()), history(complete_for="billing_provider")).outcome == "undetermined"


def test_pairs_a_row_of_one_code_twice_is_no_pair() -> None:
    acme = policy(PAIRS % "day", files={"edits.csv": "column_one,column_two,indicator\n97110,97110,0\n"})
    assert judge(acme, claim(line(1), line(2)), history()).outcome == "clean"


def test_pairs_listed_both_ways_deny_both() -> None:
    acme = policy(PAIRS % "day", files={"edits.csv": "column_one,column_two,indicator\n97110,97140,0\n97140,97110,0\n"})
    assert sorted(by("ncci", judge(acme, pair("97110", "97140"), history()))) == [(1,), (2,)]


def test_pairs_text_columns_are_text() -> None:
    rules = (
        'table edits from "edits.csv" keys column_one, column_two values opens\n'
        'pairs own { listed in edits per day  unless opens = "X1" and modifier in 59  outcome deny  cite manual }\n'
    )
    acme = policy(rules, files={"edits.csv": "column_one,column_two,opens\n97150,97110,X1\n97150,97140,0\n97150,97112,\n"})
    for code, outcome_ in (("97110", "clean"), ("97140", "deny"), ("97112", "deny")):
        assert judge(acme, pair("97150", code, two=("59",)), history()).outcome == outcome_
    zero = policy(rules.replace("X1", "0"), files={"edits.csv": "column_one,column_two,opens\n97150,97110,X1\n97150,97140,0\n"})
    assert judge(zero, pair("97150", "97140", two=("59",)), history()).outcome == "clean"


# ---- deadline ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("received", "outcome_"), [("2027-03-04", "clean"), ("2027-03-05", "deny"), ("2026-03-04", "clean"), (None, "deny")])
def test_deadline_both_ends_in(received: str | None, outcome_: str) -> None:
    acme = policy("deadline filing { that received within 1 year after date_of_service  outcome deny carc CO-29  cite manual }\n")
    assert judge(acme, claim(line(), received=received)).outcome == outcome_
    report = judge(acme, claim(line()))
    assert (report.outcome, missing(report, "filing")) == ("undetermined", {"received"})


def test_deadline_each_line_by_its_own_date_and_ways_out() -> None:
    acme = policy(
        "deadline filing { that received within 90 days after date_of_service\n  except claim_kind = corrected\n"
        "  outcome deny carc CO-29  cite manual }\n"
    )
    told = claim(line(1), line(2, date_of_service="2026-03-05"), received="2026-06-03", claim_kind="first")
    report = judge(acme, told)
    assert [status(report, "filing", number) for number in (1, 2)] == ["broken", "met"]
    assert (report.findings[0].repairs, bool(report.findings[0].no_repair)) == ((), True)
    assert judge(acme, {**told, "claim_kind": "corrected"}).outcome == "clean"
    assert judge(acme, without(told, "claim_kind")).outcome == "undetermined"
