"""The comparison of policies: what is no difference, what is, whose it is, and that the claim shown really moves."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from clause_changes import changed
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cptrules
from cptrules import tree as t
from cptrules.boundaries import judged_alone
from cptrules.checking import Policies, policies_of
from cptrules.cli import commands
from cptrules.compare import Comparison, compare
from cptrules.errors import CptrulesError, PolicyErrors
from cptrules.format import formatted
from cptrules.loading import read
from cptrules.parse import parse
from cptrules.testing import policies
from cptrules.write import written

TOP = Path(__file__).parent.parent
SHIPPED = sorted((TOP / "policies").glob("*.policy"))
HEAD = 'policy acme.ppo { title "A"  payer "ACME"  uses libraries.therapy_codes }\nsource m { title "M"  confirmed 2026-01-01 }\n'
LIMIT = "limit a { count visits of PT, OT per calendar_year  at most 30  except diagnosis in F84.*  outcome deny carc PR-119  cite m }\n"
Diff = Callable[[str, str], Comparison]


def loaded(folder: Path, text: str, name: str = "a.policy") -> Policies:
    file = folder / name
    file.parent.mkdir(exist_ok=True, parents=True)
    file.write_text(text, encoding="utf-8")
    return policies_of(read([str(file)]))


@pytest.fixture
def diff(tmp_path: Path) -> Diff:
    return lambda old, new: compare(loaded(tmp_path, HEAD + old), loaded(tmp_path, HEAD + new))


def told(found: Comparison) -> dict[str, tuple[str, ...]]:
    return {change.rule: change.words for change in found.changes}


# ---- no difference -----------------------------------------------------------------------------------------------

_UNORDERED = ("items", "excluding", "parts", "per", "rarcs", "ids", "names")


def shuffled(node: Any, rng: random.Random) -> Any:
    """The same said in another order: blocks, clauses, members of lists, joined conditions."""
    if isinstance(node, tuple):
        return tuple(shuffled(one, rng) for one in node)
    if not attrs.has(type(node)) or isinstance(node, t.Without):  # what is taken away is written as the base has it (docs/language.md)
        return node
    made = {field.name: shuffled(getattr(node, field.name), rng) for field in attrs.fields(type(node)) if field.name != "span"}
    for name, value in made.items():
        loose = name in _UNORDERED or (name == "clauses" and not isinstance(node, t.TestBlock | t.Variant)) or name == "blocks"
        if isinstance(value, tuple) and loose:
            made[name] = tuple(rng.sample(value, len(value)))
    return attrs.evolve(node, **made)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(policies(), st.randoms(use_true_random=False))
def test_order_and_layout_are_no_difference(tmp_path_factory: pytest.TempPathFactory, text: str, rng: random.Random) -> None:
    folder = tmp_path_factory.mktemp("order")
    old = loaded(folder, text)
    assert not compare(old, loaded(folder, written(shuffled(parse(text).file, rng)), "other.policy"))
    assert not compare(old, loaded(folder, "# a comment\n" + formatted(text).replace("\n", "\n\n  # one more\n\n"), "b.policy"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_policies_in_another_order_are_the_same(path: Path, tmp_path: Path) -> None:
    text = written(shuffled(parse(path.read_text(encoding="utf-8")).file, random.Random(1)))
    try:
        new = loaded(tmp_path, text, path.name)
    except PolicyErrors as error:  # an amount whose first fitting entry wins is the one thing with an order
        pytest.fail(error.rendered)
    found = compare(policies_of(read([str(path)])), new)
    assert not found, str(found)


def test_names_of_definitions_are_no_difference(diff: Diff) -> None:
    old = "codes s = 97110, 97140\namount n = 3\nterm young = patient.age < 21\nwindow w { opens on first visit  lasts 6 weeks }\n"
    rule = "limit a {{ on {s}  when {t}  count units of {s} per {w}  at most {n}  outcome deny  cite m }}\n"
    new = old.replace("codes s", "codes other").replace("amount n", "amount most")
    new = new.replace("term young", "term minor").replace("window w", "window spell")
    assert not diff(old + rule.format(s="s", n="n", t="young", w="w"), new + rule.format(s="other", n="most", t="minor", w="spell"))
    assert not diff(old + rule.format(s="s", n="n", t="young", w="w"), old + rule.format(s="97140, 97110", n="3", t="patient.age < 21", w="w"))


# ---- differences -------------------------------------------------------------------------------------------------


def test_a_number_from_a_date_on(diff: Diff) -> None:
    new = "amount x { 30 to 2026-12-31  60 from 2027-01-01 }\n" + LIMIT.replace("at most 30", "at most x")
    found = diff(LIMIT, new)
    assert str(found) == (
        "a   at most 30 -> 60 from 2027-01-01\n    a 31st visit on 2027-11-27: deny -> clean\n1 rule changed in meaning, 0 the same."
    )


def test_a_code_more_and_one_less(diff: Diff) -> None:
    found = diff(LIMIT, LIMIT.replace("F84.*", "F80.*").replace("PT, OT", "PT"))
    assert told(found) == {
        "a": ("except diagnosis: F80 and below added", "except diagnosis: F84 and below taken out", "count OT taken out"),
    }
    assert found.changes[0].moved is not None


def test_what_a_rule_refers_to_is_the_rules_change(diff: Diff) -> None:
    old = "codes s = 97110\nterm far = place_of_service in 12\nlimit a { on s  count lines of s per day  at most 1  outcome deny  cite m }\n"
    old += "forbid b { on 97140  when far  outcome deny  cite m }\n"
    assert list(told(diff(old, old.replace("= 97110", "= 97110, 97112")))) == ["a"]
    found = diff(old, old.replace("in 12", "in 12, 13"))
    assert told(found) == {"b": ("when far: place of service: 13 added",)}
    assert found.changes[0].moved is not None
    assert (found.changes[0].moved.before, found.changes[0].moved.after) == ("clean", "deny")


def test_rules_added_removed_and_renamed(diff: Diff) -> None:
    new = LIMIT.replace("limit a", "limit visits") + "forbid c { on 97014  outcome warn  cite m }\n"
    found = diff(LIMIT + "forbid b { on 97010  outcome deny  cite m }\n", new)
    assert [(change.rule, change.kind) for change in found.changes] == [("b", "removed"), ("c", "added"), ("visits", "renamed")]
    assert [change.moved and (change.moved.before, change.moved.after) for change in found.changes] == [("deny", "clean"), ("clean", "warn"), None]
    assert found.same == 0


def test_a_message_or_a_source_moves_no_claim(diff: Diff) -> None:
    found = diff(LIMIT, LIMIT.replace("cite m", 'message "No more"  cite m section "4"'))
    assert [(change.moves, change.moved) for change in found.changes] == [(False, None)]
    assert "changed only in a name, a message or a source" in str(found)


def test_a_change_that_no_claim_feels_is_said_so(diff: Diff) -> None:
    old = "forbid a { on 97110  when modifier in KX  when modifier in KX, 59  outcome deny  cite m }\n"
    found = diff(old, old.replace("  when modifier in KX, 59", ""))
    assert found.changes[0].moved is None
    assert "no claim found that comes out differently" in str(found)


def test_another_answer_of_the_payer(diff: Diff) -> None:
    found = diff(LIMIT, LIMIT.replace("PR-119", "CO-119"))
    assert "outcome deny PR-119 -> deny CO-119" in found.changes[0].words
    assert found.changes[0].moved is not None
    assert (found.changes[0].moved.before, found.changes[0].moved.after) == ("deny PR-119", "deny CO-119")


def test_what_is_assumed(diff: Diff) -> None:
    rule = 'fact extra of claim : yes_no "Is it extra?"\nforbid a { on 97110  when extra  outcome deny  cite m }\n'
    head = 'policy acme.ppo { title "A"  payer "ACME"  assume extra = yes }\nsource m { title "M"  confirmed 2026-01-01 }\n'
    found = diff(rule, rule)
    assert not found
    found = compare(cptrules_of(HEAD + rule), cptrules_of(head + rule))
    assert found.changes[0].words == ("assume extra is yes: now said",)
    assert found.changes[0].moved is not None
    assert "extra not told" in found.changes[0].moved.words()


def test_an_assumed_discipline_bears_on_sets_of_a_discipline() -> None:
    found = compare(cptrules_of(HEAD + LIMIT), cptrules_of(HEAD.replace("uses lib", "assume discipline = PT  uses lib") + LIMIT))
    assert [change.words for change in found.changes] == [("assume discipline is PT: now said",)]


def cptrules_of(text: str) -> Policies:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return loaded(Path(folder), text)


def test_a_row_of_a_table(tmp_path: Path) -> None:
    text = HEAD + 'table most from "most.csv" keys code values units missing none\n'
    text += "limit a { on PT  count units of PT per day and code  at most most  outcome deny  cite m }\n"
    for name, units in (("old", 3), ("new", 4)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "most.csv").write_text(f"code,units\n97110,{units}\n97140,2\n", encoding="utf-8")
    found = compare(loaded(tmp_path / "old", text), loaded(tmp_path / "new", text))
    assert "1 rows gone and 1 new: - 97110 3; + 97110 4" in found.changes[0].words[0]
    assert found.changes[0].moved is not None
    assert (found.changes[0].moved.before, found.changes[0].moved.after) == ("deny", "clean")


def test_holidays_and_added_codes(tmp_path: Path) -> None:
    text = HEAD.replace("uses lib", "holidays days  uses lib") + 'table days from "days.csv" keys date\n'
    text += 'table codes_added from "codes.csv" keys code values label, timed, unit_minutes, kind, therapy, disciplines, one_on_one\n'
    text += "deadline a { that received within 3 business_days after date_of_service  outcome deny  cite m }\n" + LIMIT.replace("limit a", "limit b")
    codes = "code,label,timed,unit_minutes,kind,therapy,disciplines,one_on_one\nX0001,One,yes,15,treatment,always,{},no\n"
    for name, day, who in (("old", "2026-12-01", "PT"), ("new", "2026-12-02", "PT;OT")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "days.csv").write_text(f"date\n2026-01-01\n{day}\n2027-12-31\n", encoding="utf-8")
        (tmp_path / name / "codes.csv").write_text(codes.format(who), encoding="utf-8")
    found = compare(loaded(tmp_path / "old", text), loaded(tmp_path / "new", text))
    assert found.heads == ("acme.ppo: what the code table says of X0001",)
    assert list(told(found)) == ["a"]
    assert "- 2026-12-01; + 2026-12-02" in found.changes[0].words[0]


def test_layers(tmp_path: Path) -> None:
    old = loaded(tmp_path / "old", HEAD + LIMIT + "forbid b { on 97010  outcome deny  cite m }\n")
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    layer = 'policy acme.next { title "N"  payer "ACME"  extends acme.ppo }\noverride limit a { at most 60 }\n'
    (tmp_path / "new" / "b.policy").write_text(layer + 'drop forbid b from 2027-01-01 because "waived"\n', encoding="utf-8")
    new = policies_of(read([str(tmp_path / "new")]))
    found = compare(old, new, ("acme.ppo", "acme.next"))
    assert told(found) == {"a": ("at most 30 -> 60",), "b": ('dropped from 2027-01-01 ("waived")',)}
    assert all(change.moved is not None for change in found.changes)
    assert "acme.next: the whole policy is new, 2 rules" in compare(old, new).heads
    with pytest.raises(CptrulesError, match=r"did you mean acme\.next"):
        compare(old, new, ("acme.ppo", "acme.nxt"))


def test_payers_plans_and_dates_of_the_head(diff: Diff) -> None:
    found = compare(cptrules_of(HEAD + LIMIT), cptrules_of(HEAD.replace('payer "ACME"', 'payer "ACME", "ACME2"  effective from 2026-01-01') + LIMIT))
    assert found.heads == ("acme.ppo: payer ACME -> ACME and ACME2", "acme.ppo: effective always -> from 2026-01-01")
    assert [change.rule for change in found.changes] == ["a"]


SMALL = [path for path in SHIPPED if path.stem not in ("medicare_part_b", "ncci_practitioner")]


def a_change(rng: random.Random, folder: Path) -> tuple[str, Policies, Policies]:
    """One clause of one rule of a shipped policy changed, so that it still loads: the rule, the old policies, the new."""
    while True:
        path = rng.choice(SMALL)
        made = changed(parse(path.read_text(encoding="utf-8")).file, rng)
        if made is not None:
            try:
                return made[0], policies_of(read([str(path)])), loaded(folder, written(made[2]), path.name)
            except PolicyErrors:
                continue


def test_one_changed_clause_is_told_exactly_and_its_claim_moves(tmp_path: Path) -> None:
    """The whole measurement is tests/bench/comparing.py; these few keep it honest."""
    rng, moves = random.Random(3), 0
    for _ in range(12):
        rule, old, new = a_change(rng, tmp_path)
        (change,) = compare(old, new).changes
        assert change.rule == rule
        if change.moved is not None:
            before, after = (next(one for one in side.policies[0].rules if one.name == rule) for side in (old, new))
            case = change.moved.case
            was, now = judged_alone(before, old.policies[0], case), judged_alone(after, new.policies[0], case)
            assert was is not None and now is not None
            assert was != now
            assert (was.words(now), now.words(was)) == (change.moved.before, change.moved.after)
            moves += 1
    assert moves >= 11


# ---- the command -------------------------------------------------------------------------------------------------


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands, ["diff", *words])
    return result.exit_code, result.output


def test_the_exit_code_tells_of_a_difference(tmp_path: Path) -> None:
    loaded(tmp_path, HEAD + LIMIT, "a.policy")
    loaded(tmp_path, HEAD + "# the same\n" + LIMIT, "b.policy")
    loaded(tmp_path, HEAD + LIMIT.replace("30", "31"), "c.policy")
    assert run(str(tmp_path / "a.policy"), str(tmp_path / "b.policy")) == (0, "0 rules changed in meaning, 1 the same.\n")
    code, shown = run(str(tmp_path / "a.policy"), str(tmp_path / "c.policy"))
    assert code == 1
    assert "at most 30 -> 31" in shown
    assert run(str(tmp_path / "a.policy"), str(tmp_path / "c.policy"), "--match", "nonsense")[0] == 2


def test_claims_whose_outcome_moves() -> None:
    examples = TOP / "docs" / "examples"
    inputs = ("--claims", str(examples / "next_year" / "claims.jsonl"), "--history", str(examples / "next_year" / "histories.jsonl"))
    code, shown = run(str(examples / "acme.policy"), str(examples / "next_year" / "acme.policy"), *inputs)
    assert code == 1
    assert "Of 3 claims 2 change: 1 clean -> deny ($140.00 charged), 1 deny -> clean ($140.00 charged)." in shown
    assert "  visits_a_year  1 claim, $140.00 charged" in shown


def test_from_python() -> None:
    examples = TOP / "docs" / "examples"
    found = cptrules.load(examples / "acme.policy").diff(cptrules.load(examples / "next_year" / "acme.policy"))
    assert isinstance(found, cptrules.Comparison)
    assert [(change.rule, change.kind) for change in found.changes] == [("filing", "added"), ("visits_a_year", "changed")]


# ---- words that say what is another, and claims that show it ---------------------------------------------------------

EDITS: list[tuple[str, str, str, str, bool]] = [  # what the rule says, in it, instead, what is told, whether a claim is found
    ("limit a { count visits of PT per calendar_year  at most b  DENYamount b { 60 when patient.age < 21  30 }\n",
     "60 when patient.age < 21  30", "30", "at most 60 when the patient's age is under 21 and 30 -> 30", True),
    ("limit a { count visits of PT per calendar_year  at most b  DENYamount b { 60 when patient.age < 21  30 }\n",
     "60 when", "50 when", "at most 60 -> 50", True),
    ("limit a { count units of PT per w  at most 30  DENYwindow w { year from 01-01 per discipline }\n", "01-01",
     "07-01", "a year that begins on 01-01; each discipline has its own -> a year that begins on 07-01; each discipline has its own", True),
    ("limit a { count visits of PT, OT per w  at most 30  DENYwindow w { year from 01-01 per discipline }\n", " per discipline }", " }",
     "count the window w: a year that begins on 01-01; each discipline has its own -> a year that begins on 01-01", True),
    ("limit a { count visits of PT per w  at most 30  DENY"
     "window w { opens on evaluations when in_network or telehealth or claim_kind = first }\n", "in_network or telehealth or", "in_network or",
     "or it was given by telehealth or the claim kind is first -> the provider is in the payer's network or the claim kind is first", False),
    ("forbid a { on 97110  when patients > 1  DENY", "> 1", "> 2",
     "when the number of patients is over 1 -> the number of patients is over 2", True),
    ("limit a { count units of 97530..97546 per day  at most 4  DENY", "97546", "97545", "count 97546 taken out", True),
    ("limit a { count units of 97533..97542 per day  at most 4  DENY", "97533", "97530", "count 97530 and 97532 added", True),
    ("documentation a { on PT, OT  needs progress_report every 10 visits per discipline  WARN", " per discipline", "",
     "needs a progress report every 10 visits, each discipline by itself -> a progress report every 10 visits", False),
    ("limit a { count units of PT, OT per day and discipline  at most 4  REDUCE", " and discipline", "", "", True),
    ("limit a { count units of PT per day and rendering_provider  at most 4  REDUCE", " and rendering_provider", "", "", True),
    ("limit a { count allowed of PT per day and billing_provider  at most $90  REDUCE", " and billing_provider", "", "", True),
    ("limit a { count visits of PT per month and condition  at most 4  DENY", " and condition", "", "", True),
    ("limit a { count visits of PT per calendar_year and therapy_kind  at most 4  DENY", " and therapy_kind", "", "", True),
    ("limit a { count lines of PT per day and code  at most 1  DENY", " and code", "", "", True),
    ("limit a { count units of PT per rolling 30 days  at most 1  DENY", "30", "31", "", True),
    ("limit a { count visits of PT per prior 30 days  at most 3  DENY", "30", "29", "", True),
    ("limit a { count visits of PT per week  at most 3  DENY", "per week", "per week from monday", "", True),
    ("prior_authorization a { on PT, OT  after 12 visits of PT, OT per calendar_year and discipline  DENY", " and discipline", "", "", True),
    ("timing a { on fifteen_minute  by cms_total_time  REDUCE", "cms_total_time", "ama_midpoint", "by cms_total_time -> ama_midpoint", True),
    ("require a { on 97130  with 97129 per month  DENY", "per month", "per day", "", True),
    ("modifiers a { on always_therapy  needs GP for PT, GO for OT  DENY", "needs GP for PT, GO for OT", "needs one of GP, GO", "", True),
]  # fmt: skip


@pytest.mark.parametrize("rule, old, new, words, found", EDITS)
def test_what_is_another_is_said_and_shown(rule: str, old: str, new: str, words: str, found: bool, diff: Diff) -> None:
    for outcome in ("DENY", "REDUCE", "WARN"):
        rule = rule.replace(outcome, f"outcome {outcome.lower()} cite m }}\n")
    (change,) = diff(rule, rule.replace(old, new, 1)).changes
    assert words in "; ".join(change.words) and "(" not in words and not any("(value=" in one for one in change.words)
    before, after = next(iter(change.words)).partition(" -> ")[::2]
    assert before != f"{before.split()[0]} {after}"
    assert (change.moved is not None) == found


def test_an_assumption_is_said_with_its_fact(tmp_path: Path) -> None:
    text = HEAD.replace('payer "ACME"', 'payer "ACME"  assume in_network = yes') + "forbid a { on 97110  when in_network  outcome deny cite m }\n"
    old, new = loaded(tmp_path, text), loaded(tmp_path, text.replace("in_network = yes", "in_network = no"))
    assert told(compare(old, new)) == {"a": ("assume in network is yes -> in network is no",)}


def test_how_a_table_is_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "mue.csv").write_text("code,units\n97110,4\n", encoding="utf-8")
    text = HEAD + 'table mue from "mue.csv" keys code values units missing none\n'
    text += "limit a { count units of PT per day and code  at most mue  outcome deny cite m }\n"
    found = compare(loaded(tmp_path, text), loaded(tmp_path, text.replace("missing none", "missing 2")))
    assert told(found) == {"a": ("at most the table mue: missing none -> 2",)} and found.changes[0].moved is not None


def test_a_year_beyond_all_calendars_is_no_crash(tmp_path: Path) -> None:
    for clause in ("effective from 9999-12-31", "effective to 0001-01-01"):
        rule = f"limit a {{ {clause}  count visits of PT per calendar_year  at most 3  outcome deny cite m }}\n"
        found = compare(loaded(tmp_path, HEAD + rule), loaded(tmp_path, HEAD + rule.replace("most 3", "most 4")))
        assert [(change.rule, change.moved) for change in found.changes] == [("a", None)]
