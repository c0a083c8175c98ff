"""What each clause means, in a line: the rows of docs/clauses.md, shown by editors too. A test holds the page to this table."""

from __future__ import annotations

from typing import Final

# Where a clause may stand: its form and its meaning, in the order of the page.
CLAUSES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "head": (
        ("`title \"...\"`", "the name that reports show"),
        ("`payer \"ID\", ...`", "the claims it is for: those whose `payer` is one of these. Without it the policy is a base for `extends` (M1.1)"),
        (
            "`plans \"ID\", ...`",
            "only these plans of the payer; where a claim's plan is unknown, each rule is judged as if `when plan in ...` stood in it (M1.1)",
        ),
        (
            "`effective [from DATE] [to DATE]`",
            "the dates of service it speaks for, both ends in; more than once: any of them. A line on another date is "
            "undetermined, never clean (M1.1)",
        ),
        ("`uses NAME, ...`", "the definitions of other files become visible"),
        ("`extends NAME, ...`", "the rules of other files become this policy's (see Layers)"),
        ("`on SELECTOR`, `when COND`, `except COND`", "added to each of its rules (M1.3)"),
        ("`assume FIELD = VALUE`", "stands in where the field is unknown or absent; the report says that it was assumed (M2.6)"),
        ("`holidays TABLE`", "a table keyed by date: the days that are no `business_days` (M5.1)"),
    ),
    "source": (
        ("`title \"...\"`", "the document, as a reader would ask for it"),
        ("`url \"...\"`", "its address"),
        (
            "`confirmed DATE`",
            "the day on which somebody last read that it still says so. Without it every finding that rests on it says "
            "*recalled, not confirmed at the source*; `lint --on DATE` names what is older than 12 months",
        ),
    ),
    "codes": (
        ("`codes NAME = ITEM, ...`", "the members: codes, ranges, patterns, other sets, disciplines"),
        ("`97161..97163`", "a range: what the code table holds between the ends; of diagnoses everything between them and below its ends"),
        ("`F84.*`", "a pattern: F84 and all below it; `*` stands only at the end"),
        ("`PT`, `OT`, `SLP`", "services of a discipline, whatever their code (M6.1)"),
        ("`ITEM [from DATE] [to DATE]`", "a member on these dates of service only"),
        ("`excluding ITEM, ...`", "takes away all that follows"),
    ),
    "amount": (
        ("`amount NAME = VALUE`", "one value for every date"),
        (
            "`VALUE [from DATE] [to DATE]`",
            "the value of a span, both ends in; a gap between two is a warning, and a line in it is undetermined (M1.2)",
        ),
        ("`VALUE ... when COND`", "the first entry that fits wins"),
    ),
    "table": (
        (
            "`table NAME from \"PATH\" keys COLUMN, ... [values COLUMN, ...]`",
            "the columns that find a row, and those that give something; columns `from` and `to` are a row's span",
        ),
        ("`missing VALUE`", "what holds where there is no row; `missing none`: the code is not bounded"),
        ("`NAME`, `NAME of FIELD` as a value", "the value column, found by the fields named like the keys, or by FIELD (M4)"),
    ),
    "fact event": (
        (
            "`fact NAME of claim / line / patient : TYPE [\"question\"]`",
            "types: `yes_no`, `number`, `money`, `date`, `code`, `text`, `one of word, ...`",
        ),
        (
            "`event NAME { FACT : TYPE [\"question\"] ... }`",
            "something dated in the patient's history, with facts of its own. `injury`, `accident`, `enrolment`, "
            "`admission`, `discharge`, `order`, `referral` are known to every policy",
        ),
    ),
    "term counter": (
        ("`term NAME = COND`", "used like a yes-or-no field"),
        ("`counter NAME = MEASURE [of SELECTOR] [where (COND)] per KEY and KEY`", "used after `count`"),
    ),
    "window": (
        ("`year from MM-DD`", "a year that begins on that day"),
        ("`opens on SELECTOR / EVENT [when COND]`", "begins with such a service or event (M5.4)"),
        ("`opens on first visit [of SELECTOR] [when COND]`", "begins with the first visit"),
        ("`opens on DATE`", "begins on that date"),
        ("`opens after EVENT [where (COND)]`", "holds the event's day, day 0, through the end"),
        (
            "`lasts N UNIT [then again]`",
            "its length; without it the window runs to the next opening; `then again`: the next begins with the first service after its end",
        ),
        ("`since DATE`", "no start before this date"),
        ("`per KEY and KEY`", "one for each discipline, condition ..."),
    ),
    "rule": (
        ("`on SELECTOR`", "the lines it looks at; without it all lines, or those its own counter counts"),
        ("`when COND`", "only then; more than one: all must hold"),
        ("`except COND`", "the rule is not about this; more than one: any. The report names the one that applied"),
        ("`effective [from DATE] [to DATE]`", "in force on these dates of service only"),
        ("`suspended because \"...\"`", "written and not in force; the report says so"),
        ("`unless COND [attesting \"...\"]`", "it is about this, and met another way. A repair may use it, and says what it attests (M9)"),
        (
            "`outcome OUTCOME [carc GROUP-CODE] [rarc CODE, ...]`",
            "`deny`, `reduce`, `pend`, `warn` or `inform`, and the payer's answer. CO: the provider bears it, PR: the patient, OA: neither",
        ),
        ("`message \"...\"`", "the sentence shown; `{used}`, `{limit}`, `{remaining}` and names of fields stand for values"),
        ("`cite SOURCE [section \"...\"]`", "its authority; may stand more than once"),
    ),
    "timing": (
        (
            "`by cms_total_time`",
            "T units for the day's minutes of a discipline: 8 to 22 one, 23 to 37 two; whole fifteens first, the rest to the largest remainders",
        ),
        ("`by ama_midpoint`", "each code alone: a unit from its eighth minute on"),
        ("`only minutes where (COND)`", "which minutes count"),
        ("`ties to highest TABLE / more minutes / first listed`", "which of equal remainders `bill` gives the unit"),
        ("`assisted by cms_percentage / cms_simple / exact`", "the 10 percent method; sets the line's yes-or-no field `assisted`"),
    ),
    "limit": (
        ("`count COUNTER`", "a counter's name, or a measure with its keys"),
        ("`at most VALUE`", "a number, money, an amount, or a table"),
        ("`keep first / highest TABLE / lowest TABLE`", "which lines stand where not all can"),
        (
            "measures",
            "`visits` (dates within a discipline), `treatment_days` (dates), `units`, `minutes`, `lines`, `distinct FIELD`,"
            " `charged`, `allowed`, `paid`, `patients`, `authorizations`, or a table's name (its value for the code, times "
            "units)",
        ),
        (
            "keys of time",
            "`line`, `claim`, `day`, `week [from monday]`, `month`, `calendar_year`, `benefit_year`, `lifetime`, `prior N "
            "UNIT`, `rolling N UNIT`, `authorization`, `injury_number`, or a window",
        ),
        ("keys of kind", "`discipline`, `code`, `condition`, `therapy_kind`, `billing_provider`, `rendering_provider`, `specialty`"),
    ),
    "prior_authorization": (
        ("`after VALUE COUNTER`", "what goes before needs none; without it, from the first"),
        ("`that COND`", "on the authorization: `authorization.kind = reviewed`"),
        ("`matching code, date, visits`", "what it must state; what it does state always binds"),
        ("`requested within N UNIT after MOMENT`", "received by then it covers from its start, later from the day it was received"),
        ("`requested at least N UNIT before MOMENT`", "later, it does not count"),
    ),
    "modifiers": (
        ("`needs M [for DISCIPLINE] [attesting \"...\"], ...`", "the one that is due for the line's discipline"),
        ("`needs one of M, ...`, `needs all of M, ...`", "any of them; every one"),
        ("`at most one of M, ...`", "no two of them"),
        ("`refuse M, ...`", "none of them"),
    ),
    "require forbid deadline": (
        ("`require`: `that COND`", "must hold; more than one: all"),
        ("`require`: `with SELECTOR per KEY and KEY`", "the code needs another beside it"),
        ("`forbid`: its `on` and `when`", "what they describe must not be"),
        ("`forbid`: `instead CODE`", "the code to bill; the repair substitutes it"),
        ("`deadline`: `that COND`", "a `require` about time"),
    ),
    "pairs": (
        (
            "`listed in TABLE per KEY and KEY`",
            "the table has two columns of codes; the line denied is the second column's. The row's other columns are "
            "fields; a modifier asked about may be on either line",
        ),
    ),
    "documentation": (
        (
            "`needs ELEMENT, ...`",
            "an element of the note (`interventions`, `timed_minutes`, `total_minutes`, `medical_necessity`, `progress`, "
            "`functional_outcome`, `signature`, `credentials`, `signed_on`, `plan_of_care`), a kind of note, an event or a "
            "field of the claim",
        ),
        ("`needs KIND every N visits / treatment_days / UNIT [per discipline]`", "a note of that kind falls due (N37)"),
        ("`needs one of ...`", "one of them is enough"),
        ("`that COND`", "a condition on the note, such as `note.similarity_to_previous < 90%`"),
    ),
    "payment": (
        ("`pay PERCENT [of TABLE]`", "a percentage of what the payer allows, or of a table's fee times units"),
        (
            "`rank by TABLE per KEY and KEY rest lose PERCENT of TABLE`",
            "the unit that ranks highest is paid in full, every other one loses its share",
        ),
    ),
    "condition": (
        ("`FIELD in ITEM, ...`, `FIELD not in ITEM, ...`", "of a list field: any of its values"),
        ("`FIELD = != < <= > >= VALUE`", "also for `days from MOMENT to MOMENT` and for an event's date"),
        ("a yes-or-no FIELD, a `term`", "by itself"),
        ("`has FIELD`, `has EVENT`", "somebody gave it; there was one on or before the line's date"),
        ("`count COUNTER < VALUE`", "any comparison"),
        ("`line / day / claim / WINDOW includes [no] SELECTOR [where (COND)]`", "what else was given"),
        ("`[MOMENT] within N UNIT after / before MOMENT`", "day 0 is in, day N is in; without a first moment the line's date"),
        ("`[MOMENT] at least N UNIT after / before MOMENT`", "true when there was no such moment"),
        ("`in WINDOW`", "the line's date is in one"),
        ("`authorized [where (COND)]`", "an authorization covers the line"),
        ("`not COND`, `(COND)`", "the opposite; brackets"),
        ("moments", "a date field, an event `[where (COND)]`, `first visit` / `last visit` `[of SELECTOR] [where (COND)] [in WINDOW]`"),
        ("units of time", "`days`, `business_days`, `weeks`, `months`, `years`"),
    ),
    "override drop": (
        ("`override KIND NAME { ... }`", "a single clause replaces its namesake; `when`, `except` and `unless` add"),
        ("`without CLAUSE`", "takes one away, written as the base has it; a base that has it no longer is an error"),
        ("`drop KIND NAME [from DATE] [to DATE] because \"...\" [cite ...]`", "the rule is not in force on these dates"),
    ),
    "test": (
        ("`claim on DATE FIELD VALUE ...`", "the claim's date and fields"),
        ("`line CODE MODIFIER ... FIELD VALUE ...`", "a service line; all its modifiers are written"),
        (
            "`history complete from DATE [to DATE]`, `history complete for billing_provider`",
            "since when the list of services is complete, and for whom",
        ),
        ("`service CODE ... on DATE / on N days from DATE [every N days]`", "earlier services"),
        ("`balance MEASURE [of SELECTOR] N from DATE to DATE`", "how much was used, in place of services"),
        ("`authorization ID [for SELECTOR] [from DATE] [to DATE] FIELD VALUE ...`", "one on file"),
        ("`event NAME on DATE ...`, `note KIND on DATE ...`", "what happened, what was written"),
        ("`session on DATE FIELD VALUE ...`, `intervention CODE FIELD VALUE ...`", "what happened in the clinic"),
        ("`set FIELD VALUE, ...`", "of every line where it is a line's; also `yes`, `no`, `none` (known to be absent), `unknown`"),
        (
            "`expect OUTCOME [by RULE] [on line N] [stands N MEASURE] [pays $N] [carc ...] [rarc ...] [missing FIELD, ...] [repair \"...\"]`",
            "a finding that nobody expected fails the test; `clean` does not accept undetermined",
        ),
        (
            "`variant \"...\" { ... }`",
            "the test around it with some of it changed: its first `line`, `service`, `event` ... replaces all of that "
            "kind, its `expect` starts anew",
        ),
    ),
}
