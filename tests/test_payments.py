"""What a line pays (M5.2, N30 to N33): percentages, the ranking, the order of the cuts, and what is not known of them."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import claim, history, judge, line, missing, policy, service, status

from cptrules import Policies, Report

RANKED = """table practice from "practice.csv" keys code values practice
payment several { on PT, OT, SLP  rank by practice per day and billing_provider rest lose 50% of practice  cite manual }
"""
# The values of worked table 6 of facts/payers.md.
FILES = {"practice.csv": "code,practice\n97530,18.00\n97110,14.00\n97140,12.00\n"}
FULL = {"97530": Decimal("32.70"), "97110": Decimal("28.50"), "97140": Decimal("25.90")}


def ranked(more: str = "") -> Policies:
    return policy(RANKED + more, files=FILES)


def billed(number: int, code: str, units: int = 1, **more: Any) -> dict[str, Any]:
    return line(number, code=code, units=units, allowed=str(FULL[code] * units), **more)


def pays(report: Report) -> list[Decimal | None]:
    return [one.pays for one in report.payments]


DAY = [billed(1, "97530"), billed(2, "97110", 2), billed(3, "97140")]


class TestRanking:
    def test_the_unit_ranked_first_is_paid_in_full(self) -> None:
        report = judge(ranked(), claim(*DAY), history())
        assert pays(report) == [Decimal("32.70"), Decimal("43.00"), Decimal("19.90")]
        assert report.outcome == "clean"

    def test_one_unit_alone_loses_nothing_and_two_of_one_line_lose_one_share(self) -> None:
        assert pays(judge(ranked(), claim(billed(1, "97110")), history())) == [Decimal("28.50")]
        assert pays(judge(ranked(), claim(billed(1, "97110", 2)), history())) == [Decimal("50.00")]

    def test_two_disciplines_of_one_group_share_one_ranking(self) -> None:
        report = judge(ranked(), claim(billed(1, "97110"), billed(2, "97110", modifiers=["GO"])), history())
        assert pays(report) == [Decimal("28.50"), Decimal("21.50")]

    def test_another_groups_service_ranks_apart_and_a_denied_one_nowhere(self) -> None:
        other = service("2026-03-04", code="97530", billing_provider={"npi": "2"})
        assert pays(judge(ranked(), claim(billed(1, "97110")), history(other))) == [Decimal("28.50")]
        ours = service("2026-03-04", code="97530")
        assert pays(judge(ranked(), claim(billed(1, "97110")), history(ours))) == [Decimal("21.50")]
        assert pays(judge(ranked(), claim(billed(1, "97110")), history({**ours, "denied": True}))) == [Decimal("28.50")]
        assert pays(judge(ranked(), claim(billed(1, "97110")), history(service("2026-03-03", code="97530")))) == [Decimal("28.50")]

    def test_of_equal_units_the_one_counted_first(self) -> None:
        same = service("2026-03-04")
        assert pays(judge(ranked(), claim(billed(1, "97110")), history(same))) == [Decimal("21.50")]

    def test_what_the_history_may_lack_leaves_both_ends(self) -> None:
        report = judge(ranked(), claim(*DAY[1:]))
        (first, second) = report.payments
        assert (first.at_least, first.at_most) == (Decimal("43.00"), Decimal("50.00"))
        assert second.pays == Decimal("19.90")  # beaten by the line beside it, whatever else there was
        assert status(report, "several", 2) == "undetermined"
        assert missing(report, "several") == {"history.complete_from"}
        assert report.outcome == "clean"

    def test_a_code_without_a_value_is_asked_for_by_name(self) -> None:
        lines = [billed(1, "97110"), line(2, code="97112", allowed="30.00")]
        report = judge(ranked(), claim(*lines), history())
        assert missing(report, "several") == {"practice 97112"}
        assert pays(report) == [None, None]
        whole = policy(RANKED.replace("values practice", "values practice missing none"), files=FILES)
        assert pays(judge(whole, claim(*lines), history())) == [Decimal("28.50"), Decimal("30.00")]

    def test_units_not_known(self) -> None:
        bare = {key: value for key, value in billed(1, "97110", 2).items() if key != "units"}
        (one,) = judge(ranked(), claim(bare), history()).payments
        assert (one.pays, one.at_most) == (None, Decimal("57.00"))
        assert {asked.field for asked in one.missing} == {"units"}

    @given(st.permutations(range(3)))
    def test_the_order_of_the_lines_in_the_file_changes_nothing(self, order: list[int]) -> None:
        report = judge(ranked(), claim(*(DAY[index] for index in order)), history())
        assert {one.line: one.pays for one in report.payments} == {1: Decimal("32.70"), 2: Decimal("43.00"), 3: Decimal("19.90")}

    @given(st.lists(st.tuples(st.sampled_from(sorted(FULL)), st.integers(1, 4)), min_size=1, max_size=6))
    def test_against_plain_enumeration_of_units(self, day: list[tuple[str, int]]) -> None:
        """Every unit written out, the dearest spared, every other halved."""
        practice = {"97530": Decimal(18), "97110": Decimal(14), "97140": Decimal(12)}
        units = sorted((code for code, many in day for _ in range(many)), key=lambda code: -practice[code])
        expected = sum((FULL[code] for code in units), Decimal(0)) - sum((practice[code] / 2 for code in units[1:]), Decimal(0))
        report = judge(ranked(), claim(*(billed(number, code, many) for number, (code, many) in enumerate(day, 1))), history())
        assert sum((amount or Decimal(0) for amount in pays(report)), Decimal(0)) == expected


class TestPercentages:
    def test_a_percentage_of_what_is_allowed_on_the_lines_it_is_about(self) -> None:
        acme = policy("payment cut { when modifier in CQ, CO  pay 85%  cite manual }\n")
        report = judge(acme, claim(line(1, allowed="40.00", modifiers=["GP", "CQ"]), line(2, allowed="40.00")))
        assert [(one.line, one.pays) for one in report.payments] == [(1, Decimal("34.00"))]
        assert status(report, "cut", 2) == "not_applicable"

    def test_a_fee_table_stands_in_for_what_is_allowed(self) -> None:
        text = 'table fees from "fees.csv" keys code values fee\npayment fee { pay 120% of fees  cite manual }\n'
        acme = policy(text, files={"fees.csv": "code,fee\n97110,25.05\n"})
        assert pays(judge(acme, claim(line(units=3)))) == [Decimal("90.18")]

    def test_the_ranking_comes_before_the_percentages_and_cents_are_rounded_once(self) -> None:
        both = ranked("payment cut { when modifier in CQ  pay 85%  cite manual }\npayment share { pay 50%  cite manual }\n")
        report = judge(both, claim(billed(1, "97530"), billed(2, "97140", modifiers=["GP", "CQ"])), history())
        assert pays(report) == [Decimal("16.35"), Decimal("8.46")]  # 19.90 x 0.85 x 0.5 = 8.4575

    @pytest.mark.parametrize("order", list(permutations(["a", "b", "c"])))
    def test_the_order_of_the_rules_changes_nothing(self, order: tuple[str, ...]) -> None:
        shares = {"a": 85, "b": 33, "c": 71}
        text = "".join(f"payment rule_{number} {{ pay {shares[letter]}%  cite manual }}\n" for number, letter in enumerate(order))
        assert pays(judge(policy(text), claim(line(allowed="99.99")))) == [Decimal("19.91")]  # 99.99 x .85 x .33 x .71 = 19.9136...

    def test_whether_a_rule_is_about_the_line_may_be_unknown(self) -> None:
        acme = policy("payment cut { when modifier in CQ  pay 85%  cite manual }\n")
        bare = {key: value for key, value in line(allowed="40.00").items() if key != "modifiers"}
        (one,) = judge(acme, claim(bare)).payments
        assert (one.at_least, one.at_most) == (Decimal("34.00"), Decimal("40.00"))
        assert {asked.field for asked in one.missing} == {"modifier"}

    def test_half_a_cent_goes_up(self) -> None:
        assert pays(judge(policy("payment half { pay 50%  cite manual }\n"), claim(line(allowed="0.01")))) == [Decimal("0.01")]

    def test_without_an_allowed_amount_nothing_is_guessed(self) -> None:
        report = judge(policy("payment cut { pay 85%  cite manual }\n"), claim())
        assert missing(report, "cut") == {"allowed"}
        assert report.payments[0].at_most is None
        assert report.outcome == "clean"


class TestPaidIsCounted:
    CAP = "limit pot { count paid per calendar_year  at most $100  outcome reduce  cite manual }\n"

    def test_paid_of_the_line_in_hand_is_what_the_payment_rules_leave(self) -> None:
        acme = policy("payment share { pay 80%  cite manual }\n" + self.CAP)
        before = service("2026-02-01", paid="4.00")
        assert judge(acme, claim(line(allowed="120.00")), history(before)).outcome == "clean"
        report = judge(acme, claim(line(allowed="120.02")), history(before))
        (finding,) = report.findings
        assert finding.stands == {"paid": Decimal("96.00")}

    def test_a_payment_that_is_open_leaves_the_count_open(self) -> None:
        acme = policy("payment share { when modifier in CQ  pay 80%  cite manual }\n" + self.CAP)
        bare = {key: value for key, value in line(allowed="120.00").items() if key != "modifiers"}
        assert judge(acme, claim(bare), history()).outcome == "undetermined"


def test_the_report_says_it_in_json_and_text() -> None:
    report = judge(ranked(), claim(*DAY), history())
    first = report.to_dict()["payments"][1]
    assert (first["line"], first["pays"]) == (2, "43.00")
    assert first["steps"] == ["allowed $57.00", "several: 2 of 2 units lose 50% of practice: $14.00 less"]
    assert "in all    $95.60" in str(report)
