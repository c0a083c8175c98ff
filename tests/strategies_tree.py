"""Hypothesis strategies for random syntax trees: only what the grammar can say."""

from __future__ import annotations

from typing import Any, TypeVar

from hypothesis import strategies as st

from cptrules import tree as t
from cptrules.parse import spelling_of_terminals
from cptrules.vocabulary import BLOCK_WORDS, RULE_KINDS

T = TypeVar("T")

# No name is spelt like a word of the language; `days` and its like begin keywords of two words.
_TAKEN = {part for word in spelling_of_terminals().values() for part in word.split()} | set(BLOCK_WORDS)
_TAKEN |= {word.rstrip("s") for word in _TAKEN} | {"day"}


def _free(text: str) -> bool:
    return text not in _TAKEN


_PLAIN = ("evaluations", "kx_threshold", "residence", "home", "calendar_year", "discipline", "visits_left", "a", "x1")
_words = st.sampled_from(_PLAIN) | st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True).filter(_free)
names = st.builds(t.Name, _words)
_dotted = st.builds(lambda a, b: t.Name(f"{a}.{b}"), _words, st.from_regex(r"[A-Za-z0-9_]{1,8}", fullmatch=True))
subjects = names | _dotted
words = st.builds(t.Word, st.from_regex(r"[0-9A-Z]{1,6}(\.[0-9A-Z]{1,3})?", fullmatch=True))
days = st.builds(lambda day: t.Day(day.isoformat()), st.dates())
_characters = st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp"), blacklist_characters="\ufeff")
texts = st.builds(t.Text, st.text(_characters | st.just("\n"), max_size=20))
money = st.builds(t.Money, st.from_regex(r"[0-9]{1,3}(,[0-9]{3}){0,2}(\.[0-9]{2})?", fullmatch=True))
percents = st.builds(t.Percent, st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,2})?", fullmatch=True))
literals: st.SearchStrategy[Any] = words | money | percents | days | texts
carcs = st.builds(t.Word, st.from_regex(r"(CO|PR|OA|PI)-[0-9A-Z]{1,3}", fullmatch=True))
signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])


def some(strategy: st.SearchStrategy[T], least: int = 1, most: int = 4) -> st.SearchStrategy[tuple[T, ...]]:
    """A tuple of a few."""
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """One, or none."""
    return st.none() | strategy


_ends = st.from_regex(r"[0-9A-Z]{1,6}", fullmatch=True)
items: st.SearchStrategy[Any] = (
    words
    | names
    | texts
    | st.builds(t.Range, _ends, _ends)
    | st.builds(t.Pattern, st.from_regex(r"[0-9A-Z]{1,4}(\.[0-9A-Z]{0,2})?\*", fullmatch=True))
)
lists = some(items)
long_lists = some(items, 1, 40)
selectors = st.builds(t.Selector, lists, some(items, 0, 2))
keys: st.SearchStrategy[Any] = (
    st.builds(t.KeyName, _words)
    | st.builds(t.KeySpan, st.sampled_from(["prior", "rolling"]), words, names)
    | st.builds(t.KeyWeek, maybe(names))
)


def moments(conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A date field, an event where something holds, or a visit."""
    return subjects | st.builds(t.EventWhere, subjects, conditions) | visits(conditions)


def visits(conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[t.Visit]:
    """The first or the last visit."""
    return st.builds(t.Visit, st.sampled_from(["first", "last"]), maybe(selectors), maybe(conditions), maybe(names))


def distances(conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[t.Distance]:
    """So many units of time after or before a moment."""
    return st.builds(t.Distance, words, names, st.sampled_from(["after", "before"]), moments(conditions))


def days_from(conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[t.DaysFrom]:
    """The days between two moments."""
    return st.builds(t.DaysFrom, moments(conditions), moments(conditions))


def values(conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What stands on the right of a comparison."""
    return literals | subjects | st.builds(t.OfTable, names, subjects) | days_from(conditions)


def counts(conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[t.Count]:
    """A counter."""
    return st.builds(t.Count, names, st.booleans(), maybe(selectors), maybe(conditions), some(keys, 0, 3))


_flags = st.builds(t.Flag, subjects)


def _tests(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    left = subjects | visits(inner) | st.builds(t.EventWhere, subjects, inner) | days_from(inner)
    return st.one_of(
        st.builds(t.And, some(inner, 2, 3)),
        st.builds(t.Or, some(inner, 2, 3)),
        st.builds(t.Not, inner),
        st.builds(t.In, subjects, lists, st.booleans()),
        st.builds(t.Compare, left, signs, values(inner)),
        st.builds(t.Has, subjects),
        st.builds(t.CountCompare, counts(inner), signs, values(inner)),
        st.builds(t.Includes, names, st.booleans(), selectors, maybe(inner)),
        st.builds(t.Within, maybe(moments(inner)), distances(inner)),
        st.builds(t.AtLeast, maybe(moments(inner)), distances(inner)),
        st.builds(t.InWindow, names),
        st.builds(t.Authorized, maybe(inner)),
    )


conditions: st.SearchStrategy[Any] = st.recursive(_flags, _tests, max_leaves=6)

effectives = st.builds(t.Effective, maybe(days), maybe(days))
header_clauses: st.SearchStrategy[Any] = st.one_of(
    st.builds(t.Title, texts),
    st.builds(t.Payer, some(texts)),
    st.builds(t.Plans, some(texts)),
    st.builds(t.Uses, some(subjects)),
    st.builds(t.Extends, some(subjects)),
    st.builds(t.Assume, subjects, values(_flags)),
    st.builds(t.Holidays, names),
    st.builds(t.On, selectors),
    st.builds(t.When, conditions),
    st.builds(t.Except, conditions),
    effectives,
)
needs: st.SearchStrategy[Any] = st.builds(t.NeedModifier, words, maybe(words), maybe(texts)) | st.one_of(
    st.builds(t.NeedElement, subjects), st.builds(t.NeedElement, subjects, words, names, some(keys, 0, 2))
)
_tables = st.sampled_from(["highest", "lowest"])
rule_clauses: st.SearchStrategy[Any] = st.one_of(
    st.builds(t.On, st.builds(t.Selector, long_lists, some(items, 0, 2))),
    st.builds(t.When, conditions),
    st.builds(t.Except, conditions),
    effectives,
    st.builds(t.Suspended, texts),
    st.builds(t.Unless, conditions, maybe(texts)),
    st.builds(t.OutcomeIs, names, maybe(carcs), some(words, 0, 2)),
    st.builds(t.Message, texts),
    st.builds(t.Cite, names, maybe(texts)),
    st.builds(t.By, names),
    st.builds(t.OnlyMinutes, conditions),
    st.builds(t.TiesTo, st.just("highest"), names),
    st.builds(t.TiesTo, st.sampled_from(["more minutes", "first listed"])),
    st.builds(t.AssistedBy, names),
    st.builds(t.Counts, counts(conditions)),
    st.builds(t.AtMost, values(conditions)),
    st.builds(t.AtMostOne, lists),
    st.builds(t.Keep, st.just("first")) | st.builds(t.Keep, _tables, names),
    st.builds(t.After, values(_flags), counts(conditions)),
    st.builds(t.That, conditions),
    st.builds(t.Matching, some(names)),
    st.builds(t.Requested, st.booleans(), distances(conditions)),
    st.builds(t.Needs, some(needs)),
    st.builds(t.NeedsOneOf, lists),
    st.builds(t.NeedsAllOf, lists),
    st.builds(t.Refuse, lists),
    st.builds(t.With, selectors, some(keys)),
    st.builds(t.Instead, words),
    st.builds(t.Listed, names, some(keys)),
    st.builds(t.Pay, percents, maybe(names)),
    st.builds(t.Rank, names, some(keys), percents, names),
)
window_clauses: st.SearchStrategy[Any] = st.one_of(
    st.builds(t.YearFrom, st.from_regex(r"[0-9]{2}-[0-9]{2}", fullmatch=True)),
    st.builds(t.OpensOn, selectors, maybe(conditions)),
    st.builds(t.OpensOnVisit, maybe(selectors), maybe(conditions)),
    st.builds(t.OpensOnDate, days),
    st.builds(t.OpensAfter, names, maybe(conditions)),
    st.builds(t.Lasts, words, names, st.booleans()),
    st.builds(t.Since, days),
    st.builds(t.Per, some(keys)),
)
source_clauses: st.SearchStrategy[Any] = st.one_of(
    st.builds(t.Title, texts), st.builds(t.Url, texts), st.builds(t.Confirmed, days)
)
dated_items = st.builds(t.DatedItem, items, maybe(days), maybe(days))
types = st.builds(t.TypeName, _words) | st.builds(t.TypeName, st.just("one of"), some(names))

pairs = st.builds(t.Pair, subjects, literals | subjects)
_pairs = some(pairs, 0, 3)
_modifiers = some(words, 0, 2)
_code = words
_service = st.builds(t.TService, _code, _modifiers, _pairs, days)
_services = st.builds(t.TService, _code, _modifiers, _pairs, days, words)
_every = st.builds(t.TService, _code, _modifiers, _pairs, days, words, words, names)
stands: st.SearchStrategy[Any] = st.builds(t.Stands, money) | st.builds(t.Stands, words, names)
test_clauses: st.SearchStrategy[Any] = st.one_of(
    st.builds(t.TClaim, days, _pairs),
    st.builds(t.TLine, _code, _modifiers, _pairs),
    st.builds(t.THistory, days, maybe(days)),
    st.builds(t.THistoryFor, names),
    _service | _services | _every,
    st.builds(t.TBalance, names, maybe(selectors), literals, days, days),
    st.builds(t.TAuthorization, words, maybe(selectors), maybe(days), maybe(days), _pairs),
    st.builds(t.TEvent, names, days, _pairs),
    st.builds(t.TNote, names, days, _pairs),
    st.builds(t.TSession, days, _pairs),
    st.builds(t.TIntervention, words, _pairs),
    st.builds(t.TSet, subjects, some(literals | subjects)),
    st.builds(
        t.TExpect, names, maybe(names), maybe(words), maybe(stands), maybe(money), maybe(carcs), some(words, 0, 2),
        some(st.builds(t.MissingField, subjects, maybe(words)), 0, 2), maybe(texts),
    ),
)  # fmt: skip
variants = st.builds(t.Variant, texts, some(test_clauses, 0, 3))

_single = st.builds(lambda value: (t.AmountEntry(value),), literals)
_entries = some(st.builds(t.AmountEntry, literals, maybe(days), maybe(days), maybe(conditions)), 0, 4)
override_clauses: st.SearchStrategy[Any] = rule_clauses | st.builds(t.Without, rule_clauses)
blocks: st.SearchStrategy[Any] = st.one_of(
    st.builds(t.PolicyHead, subjects, some(header_clauses, 0)),
    st.builds(t.LibraryHead, subjects, some(header_clauses, 0)),
    st.builds(t.SourceBlock, names, some(source_clauses, 0)),
    st.builds(t.CodesBlock, names, some(dated_items, 1, 30), some(dated_items, 0, 3)),
    st.builds(t.AmountBlock, names, _entries, st.just(False)) | st.builds(t.AmountBlock, names, _single, st.just(True)),
    st.builds(t.TableBlock, names, texts, some(names), some(names, 0), maybe(literals | subjects)),
    st.builds(t.FactBlock, names, names, types, maybe(texts)),
    st.builds(t.EventBlock, names, some(st.builds(t.EventFact, names, types, maybe(texts)), 0)),
    st.builds(t.TermBlock, names, conditions),
    st.builds(t.CounterBlock, names, counts(conditions)),
    st.builds(t.WindowBlock, names, some(window_clauses, 0)),
    st.builds(t.RuleBlock, st.sampled_from(RULE_KINDS), names, some(rule_clauses, 0)),
    st.builds(t.OverrideBlock, names, names, some(override_clauses, 0)),
    st.builds(t.DropBlock, names, names, maybe(days), maybe(days), texts, some(st.builds(t.Cite, names, maybe(texts)), 0, 2)),
    st.builds(t.TestBlock, texts, some(test_clauses | variants, 0)),
)
files = st.builds(t.File, some(blocks, 0, 3))

__all__ = ["blocks", "conditions", "files"]
