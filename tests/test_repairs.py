"""Repairs (M9): every edit, that it is checked again, what it asserts, and the reason where there is none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from judging import claim, history, judge, line, policy, service, status

import cptrules
from cptrules import Claim, Report
from cptrules.repairs import applied
from cptrules.report import Repair


def offered(report: Report) -> list[tuple[str, int, str | None]]:
    return [(repair.op, repair.line, repair.value) for finding in report.findings for repair in finding.repairs]


def edited(told: dict[str, Any], op: str, value: str | None = None, number: int = 1) -> dict[str, Any] | None:
    """The claim as JSON with one edit made."""
    found = applied(Claim.from_dict(told), Repair(op, number, value))
    return None if found is None else found.to_dict()


# ---- each edit ---------------------------------------------------------------------------------------------------


def test_m9_modifiers_are_added_and_removed() -> None:
    told = claim(line(1, modifiers=["GP", "59"]), line(2))
    added, removed = edited(told, "add_modifier", "KX"), edited(told, "remove_modifier", "59")
    assert added is not None and removed is not None
    assert [one["modifiers"] for one in added["lines"]] == [["GP", "59", "KX"], ["GP"]]
    assert [one["modifiers"] for one in removed["lines"]] == [["GP"], ["GP"]]
    assert edited(told, "add_modifier", "59") is None
    assert edited(told, "remove_modifier", "KX") is None


def test_m9_modifiers_that_are_not_known_are_not_edited() -> None:
    bare = {key: value for key, value in line().items() if key != "modifiers"}
    assert edited(claim(bare), "add_modifier", "KX") is None
    none = edited(claim(line(modifiers=[])), "add_modifier", "KX")
    assert none is not None and none["lines"][0]["modifiers"] == ["KX"]


def test_m9_units_take_their_share_of_the_money() -> None:
    found = edited(claim(line(units=3, charge="100.00", allowed="58.21")), "set_units", "2")
    assert found is not None
    assert found["lines"][0] == {**line(units=2), "charge": "66.67", "allowed": "38.81"}


def test_m9_a_code_is_substituted_and_its_allowed_amount_is_not_known() -> None:
    found = edited(claim(line(allowed="29.00", charge="60.00")), "set_code", "97150")
    assert found is not None
    assert found["lines"][0] == {**line(code="97150"), "charge": "60.00"}


def test_m9_an_authorization_is_attached_beside_those_the_line_inherits() -> None:
    told = claim(line(1), line(2, authorizations=["A3"]), authorizations=["A1"])
    first, second = edited(told, "attach_authorization", "A2"), edited(told, "attach_authorization", "A2", 2)
    assert first is not None and first["lines"][0]["authorizations"] == ["A1", "A2"]
    assert second is not None and second["lines"][1]["authorizations"] == ["A3", "A2"]
    assert edited(told, "attach_authorization", "A1") is None


def test_m9_a_line_is_dropped_but_never_the_last_one() -> None:
    found = edited(claim(line(1), line(2)), "remove_line")
    assert found is not None and [one["number"] for one in found["lines"]] == [2]
    assert edited(claim(line(1)), "remove_line") is None
    assert edited(claim(line(1)), "remove_line", number=7) is None


def test_m9_a_line_is_split_by_who_gave_it() -> None:
    told = claim(line(1, units=3, minutes=45, minutes_by={"PT": 23, "PTA": 22}, charge="100.00", allowed="90.00"), line(4, code="97140"))
    found = edited(told, "split_line", "2 units without and 1 with CQ")
    assert found is not None
    first, second, other = found["lines"]
    assert (first["number"], first["units"], first["modifiers"], first["minutes_by"], first["charge"]) == (1, 2, ["GP"], {"PT": 23}, "66.67")
    assert (second["number"], second["units"], second["modifiers"], second["minutes_by"]) == (5, 1, ["GP", "CQ"], {"PTA": 22})
    assert (first["minutes"], second["minutes"], other["number"]) == (23, 22, 4)
    assert Decimal(first["charge"]) + Decimal(second["charge"]) == Decimal("100.00")
    assert edited(claim(line()), "split_line", "1 unit without and 1 with CQ") is None


# ---- offered where they clear ------------------------------------------------------------------------------------

EVERY: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("modifiers needed { needs KX  outcome deny  cite manual }", {}, "add_modifier", "KX"),
    ("modifiers refused { refuse 59  outcome deny  cite manual }", {"modifiers": ["GP", "59"]}, "remove_modifier", "59"),
    ("limit most { count units per day  at most 2  outcome reduce  cite manual }", {"units": 3}, "set_units", "2"),
    ("timing timed { by cms_total_time  outcome reduce  cite manual }", {"units": 3, "minutes": 30, "contact": "one_on_one"}, "set_units", "2"),
    ("forbid never { on 97110  instead 97150  outcome deny  cite manual }", {}, "set_code", "97150"),
    ("forbid never { on 97110  outcome deny  cite manual }", {}, "remove_line", None),
    ("limit no_more { count lines of 97110 per day  at most 0  outcome deny  cite manual }", {}, "remove_line", None),
]


@pytest.mark.parametrize(("rule", "told", "op", "value"), EVERY, ids=lambda one: one if isinstance(one, str) else "")
def test_m9_applied_and_checked_again_the_finding_is_gone(rule: str, told: dict[str, Any], op: str, value: str | None) -> None:
    acme = policy(rule)
    given = claim(line(1, **told), line(2, code="97140", minutes=30, contact="one_on_one", units=2))
    if "units per day" in rule:
        given["lines"].pop()
    report = judge(acme, given, history())
    assert (op, 1, value) in offered(report)
    again = judge(acme, report.repair().to_dict(), history())
    assert again.found == ()
    assert report.repair() == Claim.from_dict(given) or given["lines"] != report.repair().to_dict()["lines"]


def test_m9_split_clears_the_assistants_rule_and_the_units_stay_supported() -> None:
    acme = policy(
        "timing timed { by cms_total_time  assisted by cms_percentage  outcome reduce  cite manual }\n"
        "modifiers assistant { when assisted  needs CQ for PT, CO for OT  outcome deny  cite manual }\n"
    )
    told = claim(line(units=3, minutes_by={"PT": 23, "PTA": 22}, contact="one_on_one"))
    report = judge(acme, told, history())
    assert offered(report)[0] == ("split_line", 1, "2 units without and 1 unit with CQ")
    fixed = report.repair().to_dict()
    assert [(one["units"], one["modifiers"]) for one in fixed["lines"]] == [(2, ["GP"]), (1, ["GP", "CQ"])]
    assert judge(acme, fixed, history()).outcome == "clean"


def test_m9_a_repair_after_which_something_worse_comes_is_not_offered() -> None:
    rules = "modifiers needed { needs KX  outcome warn  cite manual }\nmodifiers never { refuse KX  outcome deny  cite manual }\n"
    finding = judge(policy(rules), claim()).findings[0]
    assert (finding.repairs, bool(finding.no_repair)) == ((), True)


def test_m9_a_repair_that_only_moves_the_excess_is_none() -> None:
    acme = policy("limit most { count units per day  at most 1  outcome reduce  cite manual }\n")
    report = judge(acme, claim(line(1, units=2), line(2, code="97140", units=2)), history())
    for finding in report.findings:
        for repair in finding.repairs:
            after = judge(acme, applied(report.claim, repair).to_dict(), history())  # type: ignore[union-attr]
            assert not [f for f in after.found if set(f.lines) & set(finding.lines) and f.message == finding.message]
    assert judge(acme, report.repair().to_dict(), history()).outcome == "clean"


def test_m9_an_inform_of_the_same_rule_does_not_undo_a_repair() -> None:
    acme = policy("timing timed { by ama_midpoint  outcome reduce  cite manual }\n")
    told = claim(line(1, units=1, minutes=8, contact="one_on_one"), line(2, code="97140", units=1, minutes=30, contact="one_on_one"))
    told["lines"][0]["units"] = 2
    report = judge(acme, told)
    assert offered(report) == [("set_units", 1, "1")]


# ---- what asserts ------------------------------------------------------------------------------------------------

KX = 'limit most { count units of PT per calendar_year  at most 5  unless modifier in KX attesting "It was needed"  outcome deny  cite manual }\n'


def test_m9_what_asserts_is_applied_only_when_told_so() -> None:
    report = judge(policy(KX), claim(), history(service("2026-02-01", units=5)))
    assert [(r.op, r.value, r.attests) for r in report.findings[0].repairs if r.value == "KX"] == [("add_modifier", "KX", "It was needed")]
    assert "KX" not in report.repair().to_dict()["lines"][0]["modifiers"]
    assert "KX" not in report.repair(attest={"59"}).to_dict()["lines"][0]["modifiers"]
    assert report.repair(attest={"KX"}).to_dict()["lines"][0]["modifiers"] == ["GP", "KX"]
    assert report.claim.to_dict()["lines"][0]["modifiers"] == ["GP"]


@pytest.mark.parametrize("way", ["modifier in KX, KF", "(modifier in KX or place_of_service in 12)", "supported", "modifier = KX"])
def test_m9_a_way_out_is_found_however_it_is_written(way: str) -> None:
    rules = f'term supported = modifier in KX\nforbid never {{ on 97110  unless {way} attesting "So it is"  outcome deny  cite manual }}\n'
    report = judge(policy(rules), claim(line(1, place_of_service="11"), line(2, code="97140")))
    assert ("add_modifier", 1, "KX") in offered(report)


def test_m9_a_way_out_that_wants_more_than_a_modifier_is_no_repair() -> None:
    rules = "forbid never { on 97110  unless place_of_service in 12 and modifier in KX  outcome deny  cite manual }\n"
    report = judge(policy(rules), claim(line(place_of_service="11")))
    assert offered(report) == []
    assert report.findings[0].no_repair


# ---- all of them -------------------------------------------------------------------------------------------------


def test_m9_repair_goes_on_until_nothing_is_left_to_do() -> None:
    acme = policy(
        "modifiers discipline { needs GP for PT, GO for OT  outcome deny  cite manual }\n"
        "limit most { count units per day and code  at most 4  outcome reduce  cite manual }\n"
        "forbid old { on 97014  instead G0283  outcome deny  cite manual }\n"
    )
    told = claim(line(1, discipline="PT", modifiers=[], units=6), line(2, code="97014"))
    fixed = judge(acme, told, history()).repair().to_dict()
    assert [(one["code"], one["units"], one["modifiers"]) for one in fixed["lines"]] == [("97110", 4, ["GP"]), ("G0283", 1, ["GP"])]
    assert judge(acme, fixed, history()).outcome == "clean"
    assert judge(acme, fixed, history()).repair().to_dict() == fixed


def test_m9_what_is_overruled_stays_as_it_is() -> None:
    acme = policy(
        "modifiers threshold { needs KX  outcome deny  cite manual }\nmodifiers distinct_one { needs 59  outcome deny  cite manual }\n"
    )
    fixed = judge(acme, claim()).overrule("threshold", line=1, by="Ana", why="the payer agreed").repair()
    assert fixed.to_dict()["lines"][0]["modifiers"] == ["GP", "59"]


def test_m9_every_finding_has_a_repair_or_a_reason() -> None:
    medicare = cptrules.load("medicare.part_b.outpatient_therapy")
    told = {
        "payer": "MEDICARE_B", "received": "2028-03-10", "lines": [
            line(1, units=9, minutes=20, contact="group", rendering_provider={"role": "aide"}),
            line(2, code="97140", modifiers=["GP", "GO", "KX", "GA"], units=2, minutes=8, contact="one_on_one"),
            line(3, code="97124", modifiers=["GP"], units=1), line(4, code="97010", modifiers=[], units=1),
        ],
    }  # fmt: skip
    report = judge(medicare, told, history())
    assert len(report.findings) > 6
    assert all(bool(finding.repairs) != bool(finding.no_repair) for finding in report.findings)
    assert status(report, "ncci_edits", 3) == "broken"
    for finding in report.findings:
        for repair in finding.repairs:
            changed = applied(report.claim, repair)
            assert changed is not None
            after = judge(medicare, changed.to_dict(), history())
            assert not [f for f in after.found if f.rule == finding.rule and f.lines == finding.lines and f.message == finding.message]


def test_m9_repairing_changes_no_report() -> None:
    report = judge(policy(KX), claim(), history(service("2026-02-01", units=5)))
    before = report.to_dict()
    report.repair(attest={"KX"})
    assert report.to_dict() == before


def test_m9_the_modifier_on_every_unit_is_no_repair_where_only_some_are_the_assistants() -> None:
    acme = policy(
        "timing timed { by cms_total_time  assisted by cms_percentage  outcome reduce  cite manual }\n"
        "modifiers assistant { when assisted  needs CQ for PT  outcome deny  cite manual }\n"
        "limit duplicates { count lines per day and code  at most 1  outcome deny  cite manual }\n"
    )
    told = line(units=3, minutes_by={"PT": 23, "PTA": 22}, contact="one_on_one")
    finding = judge(acme, claim(told), history()).findings[0]
    assert (finding.rule, finding.repairs, bool(finding.no_repair)) == ("assistant", (), True)  # split, it would be a duplicate here
    whole = judge(acme, claim({**told, "minutes_by": {"PTA": 45}}), history())
    assert offered(whole) == [("add_modifier", 1, "CQ")]


def test_m9_a_finding_that_goes_with_anothers_repair_says_so() -> None:
    medicare = cptrules.load("medicare.part_b.outpatient_therapy")
    told = Claim.from_json(Path(__file__).parent.parent.joinpath("docs/examples/guide/group.json").read_bytes())
    found = {finding.rule: finding for finding in medicare.check(told, cptrules.History.from_dict(history())).findings}
    assert [repair.value for repair in found["one_on_one_in_a_group"].repairs] == ["97150"]
    assert found["timed_units"].no_repair == "it goes with the repair of one_on_one_in_a_group: substitute 97150 on line 1"
