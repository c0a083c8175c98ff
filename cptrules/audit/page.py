"""The page of an audit: figures and charts in one HTML file that opens offline and holds nothing of any patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from ..vocabulary import OUTCOMES
from .summary import Summary, at_stake, dollars

MOST: Final = 20  # rows of a table; the summary file has them all
_WIDTH: Final = 960
_ORDER: Final = ("deny", "reduce", "pend", "undetermined", "warn", "inform", "clean")
_SAID: Final = {
    "deny": "some line would be denied", "reduce": "some line would be reduced", "pend": "some line would be held",
    "undetermined": "not decided, facts are missing", "warn": "a warning", "inform": "a remark", "clean": "every rule decided, none broken",
}  # fmt: skip
_COLOURS: Final = {
    "deny": "#a4262c", "reduce": "#d9762b", "pend": "#c9a227", "undetermined": "#7a7f87", "warn": "#8a6fae",
    "inform": "#6fa0c8",
    "clean": "#3f7d58",
}  # fmt: skip
_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1d2126; background: #fff; max-width: 960px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 0 .5rem } h2 { font-size: 1.1rem; margin: 2.2rem 0 .4rem }
p { margin: .4rem 0 } .lead { font-size: 1.1rem } .small { color: #565c64; font-size: .87rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
td, th { padding: .25rem .5rem; border-bottom: 1px solid #e3e5e8 }
th { text-align: left; font-weight: 600; color: #565c64; font-size: .85rem; vertical-align: bottom } .n { text-align: right; white-space: nowrap }
td.key { overflow-wrap: anywhere } td.bar { width: 24%; padding-right: 0 } svg { display: block; max-width: 100% }
.swatch { display: inline-block; width: .8em; height: .8em; margin-right: .45em }
@media print { h2 { break-after: avoid } tr { break-inside: avoid } }
"""

Row = tuple[str, dict[str, int]]


def page(summary: Summary, by: Sequence[str] = (), notes: Sequence[str] = ()) -> str:
    """The page as HTML: no script, no address, no patient. `by` says by what it was judged, `notes` what was taken for granted."""
    told = [f'<p class="small">{escape(one)}</p>' for one in by]
    parts = [
        "<h1>Audit of claims</h1>", *_lead(summary), *told, *_outcomes(summary), *_rules(summary), *_months(summary), *_payers(summary),
        *_missing(summary), *_refused(summary), *_how(notes),
    ]  # fmt: skip
    body = "\n".join(parts)
    head = f'<meta charset="utf-8"><title>Audit of claims</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _money(amount: int) -> str:
    return f"${dollars(amount):,}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else ""


def _lead(summary: Summary) -> Iterator[str]:
    total, whole = summary.total, summary.judged + summary.refused
    yield f'<p class="lead">{_many(whole, "claim")}: {summary.judged:,} judged, {summary.refused:,} refused as unreadable.</p>'
    stake = at_stake(total)
    of = f" of {_money(total['charged'])} charged ({_share(stake, total['charged'])})" if total["charged"] else ""
    yield f'<p class="lead"><b>{_money(stake)}</b>{of} would be denied, reduced or held.</p>'
    open_ = summary.groups["outcome"].get("undetermined", {}).get("claims", 0)
    if open_:
        share = _share(open_, summary.judged)
        yield f'<p class="lead"><b>{_many(open_, "claim")}</b> ({share}) could not be decided: see what is missing, below.</p>'
    if total["without_charge"]:
        many = _many(total["without_charge"], "claim")
        yield f"<p>{many} did not say the charge of every line; what these put at stake is counted as far as it is known.</p>"


def _legend() -> str:
    said = (("deny", "denied"), ("reduce", "reduced"), ("pend", "held"))
    return ", ".join(f"{_swatch(outcome)}{word}" for outcome, word in said)


def _swatch(outcome: str) -> str:
    return f'<span class="swatch" style="background:{_COLOURS[outcome]}"></span>'


def _outcomes(summary: Summary) -> Iterator[str]:
    """One bar of all claims that were judged, and what each part of it is."""
    known = summary.groups["outcome"]
    order = [name for name in _ORDER if name in known]
    assert set(known) <= {*_ORDER, *OUTCOMES}
    if not order:
        return
    yield "<h2>What became of the claims</h2>"
    x, drawn = 0.0, []
    for name in order:
        width = _WIDTH * known[name]["claims"] / summary.judged
        told = f"{name}: {_many(known[name]['claims'], 'claim')}, {_share(known[name]['claims'], summary.judged)}"
        drawn.append(f'<rect x="{x:.1f}" y="0" width="{width:.1f}" height="28" fill="{_COLOURS[name]}"><title>{told}</title></rect>')
        x += width
    yield _svg(_WIDTH, 28, "Claims by outcome", drawn)
    rows = [
        [f'{_swatch(name)}{name} <span class="small">({_SAID[name]})</span>', f"{known[name]['claims']:,}",
         _share(known[name]["claims"], summary.judged), _money(known[name]["charged"]), _money(at_stake(known[name]))]
        for name in order
    ]  # fmt: skip
    yield _table(["outcome of the claim", "claims", "share", "charged", "at stake"], rows)
    undecided = summary.ranked("undecided")
    if undecided:
        ways = ", ".join(f"{key} ({figures['claims']:,})" for key, figures in undecided[:6])
        yield f'<p class="small">Not decided, from the mildest to the worst that each can still be: {ways}.</p>'


def _svg(width: int, height: int, label: str, drawn: Iterable[str]) -> str:
    inside = "".join(drawn)
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{escape(label)}">{inside}</svg>'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], barred: bool = False) -> str:
    """A table whose first column is text; the others are figures, the last of a barred one a bar."""
    names = "".join(f"<th{'' if not place else ' class=n'}>{escape(name)}</th>" for place, name in enumerate(head))
    lines = []
    for row in rows:
        cells = [f'<td class="key">{row[0]}</td>', *(f'<td class="n">{cell}</td>' for cell in row[1 : len(row) - barred])]
        lines.append(f"<tr>{''.join(cells)}{f'<td class=bar>{row[-1]}</td>' if barred else ''}</tr>")
    return f"<table><thead><tr>{names}{'<th></th>' if barred else ''}</tr></thead><tbody>\n" + "\n".join(lines) + "\n</tbody></table>"


def _bar(figures: dict[str, int], most: int) -> str:
    """A bar of what is at stake: denied, reduced and held beside each other."""
    x, drawn = 0.0, []
    for name, outcome in (("denied", "deny"), ("reduced", "reduce"), ("pended", "pend")):
        width = 220 * figures[name] / most if most else 0
        if width:
            drawn.append(f'<rect x="{x:.1f}" y="2" width="{max(width, 1):.1f}" height="12" fill="{_COLOURS[outcome]}"/>')
        x += width
    return _svg(220, 16, f"{_money(at_stake(figures))} at stake", drawn)


def _ranked(summary: Summary, by: str, noun: str, title: str, head: Sequence[str]) -> Iterator[str]:
    """A table of a group with bars: the dearest first."""
    rows = summary.ranked(by)
    if not rows:
        return
    most = max(at_stake(figures) for _, figures in rows)
    yield f"<h2>{title}</h2>"
    yield _table(head, [
        [escape(key), f"{f['claims']:,}", f"{f['findings']:,}", _money(f["charged"]), _money(at_stake(f)), _bar(f, most)] for key, f in rows[:MOST]
    ], barred=True)  # fmt: skip
    yield from _more(len(rows), noun)


def _more(many: int, noun: str) -> Iterator[str]:
    if many > MOST:
        yield f'<p class="small">The first {MOST} of {_many(many, noun)}; the summary file has them all.</p>'


def _rules(summary: Summary) -> Iterator[str]:
    head = ["policy and rule", "claims", "findings", "charged on these lines", "at stake"]
    yield from _ranked(summary, "rule", "rule", "By rule", head)
    if summary.groups["rule"]:
        yield f'<p class="small">{_legend()}. A line that breaks two rules stands under both, so these do not add up to the whole.</p>'


def _payers(summary: Summary) -> Iterator[str]:
    head = ["claims", "findings", "charged", "at stake"]
    yield from _ranked(summary, "payer", "payer", "By payer", ["payer", *head])
    yield from _ranked(summary, "provider", "provider", "By billing provider", ["provider (NPI)", *head])


def _months(summary: Summary) -> Iterator[str]:
    """Columns of what is at stake in each month of service."""
    rows = summary.ranked("month")[-36:]
    if not rows:
        return
    most = max(at_stake(figures) for _, figures in rows)
    step = min(_WIDTH / len(rows), 80)
    drawn = [one for place, (month, figures) in enumerate(rows) for one in _column(month, figures, most, place * step, step)]
    yield "<h2>By month of service</h2>"
    ground = f'<line x1="0" y1="150" x2="{step * len(rows):.0f}" y2="150" stroke="#9aa0a8"/>'
    yield _svg(int(step * len(rows)), 180, "Dollars at stake by month", [*drawn, ground])
    head = ["month of the claim's first service", "claims", "findings", "charged", "at stake", "share"]
    yield _table(head, [
        [month, f"{f['claims']:,}", f"{f['findings']:,}", _money(f["charged"]), _money(at_stake(f)), _share(at_stake(f), f["charged"])]
        for month, f in rows
    ])  # fmt: skip
    if len(summary.groups["month"]) > 36:
        yield '<p class="small">The last 36 months; the summary file has them all.</p>'


def _column(month: str, figures: dict[str, int], most: int, x: float, step: float) -> Iterator[str]:
    y = 150.0
    for name, outcome in (("denied", "deny"), ("reduced", "reduce"), ("pended", "pend")):
        height = 130 * figures[name] / most if most else 0
        y -= height
        if height:
            yield f'<rect x="{x + step * 0.15:.1f}" y="{y:.1f}" width="{step * 0.7:.1f}" height="{height:.1f}" fill="{_COLOURS[outcome]}"/>'
    told = f"{month}: {_money(at_stake(figures))} at stake of {_money(figures['charged'])}"
    yield f'<rect x="{x:.1f}" y="0" width="{step:.1f}" height="150" fill="transparent"><title>{told}</title></rect>'
    if step >= 40:
        yield f'<text x="{x + step / 2:.1f}" y="168" font-size="12" text-anchor="middle" fill="#565c64">{month}</text>'
    elif month.endswith("-01"):
        yield f'<text x="{x + step / 2:.1f}" y="168" font-size="12" text-anchor="middle" fill="#565c64">{month[:4]}</text>'


def _missing(summary: Summary) -> Iterator[str]:
    """What would let more be decided."""
    rows = sorted(summary.groups["missing"].items(), key=lambda one: (-one[1]["claims"], one[0]))
    if not rows:
        return
    yield "<h2>What is missing</h2>"
    yield "<p>Rules that stayed open want for these; a claim can want for several.</p>"
    shown = [[escape(_wanted(key)), f"{figures['claims']:,}", _share(figures["claims"], summary.judged)] for key, figures in rows[:MOST]]
    yield _table(["field", "claims", "share"], shown)
    yield from _more(len(rows), "field")


def _wanted(field: str) -> str:
    return "policy: none of those given speaks for the payer and the date" if field == "policy" else field


def _refused(summary: Summary) -> Iterator[str]:
    rows = sorted(summary.groups["refused"].items(), key=lambda one: (-one[1]["claims"], one[0]))
    if not rows:
        return
    yield "<h2>Refused</h2>"
    yield "<p>These claims could not be read and were not judged. The refusals file has each with its row and every fault.</p>"
    yield _table(["first fault", "claims"], [[escape(key), f"{figures['claims']:,}"] for key, figures in rows[:MOST]])
    yield from _more(len(rows), "reason")


def _how(notes: Sequence[str]) -> Iterator[str]:
    yield "<h2>How to read this</h2>"
    yield (
        "<p>Dollars are what was charged. A line counts once: all of its charge where a rule denies it, else the part that a reduction takes, "
        "else all of it where it is held. Warnings and remarks put nothing at stake. A claim that is not decided counts with what is "
        "found on it already.</p>"
    )
    yield from (f"<p>{escape(note)}</p>" for note in notes)
