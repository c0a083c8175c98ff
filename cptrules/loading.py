"""From files, folders and names of shipped policies to the policies they say, with every mistake of all of them at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import attrs

from . import tree as t
from .cache import digest
from .dates import Span as DateSpan
from .diagnostics import Diagnostic, in_order, nearest
from .layers import folded
from .parse import Parsed, normalised, parse
from .phrases import NO_FIELD, Phrases, type_of
from .policy import Clause, CodeSet, Constant, Entry, OnList, Policy, Rule
from .resources import folder
from .rules import Rules, once, required
from .scope import Scope
from .tables import Table

_HEAD: Final = re.compile(r"^(?:policy|library)[ \t]+([a-z][A-Za-z0-9_.]*)", re.MULTILINE)
_POLICY_CLAUSES: Final = (
    t.Title, t.Payer, t.Plans, t.Effective, t.Uses, t.Extends, t.On, t.When, t.Except, t.Assume, t.Holidays,
)  # fmt: skip
_REPEATED: Final = (t.Effective, t.Uses, t.Extends, t.On, t.When, t.Except, t.Assume)
_AT_START: Final = t.Span(1, 1, 1, 2)


@attrs.frozen
class PolicyFile:
    """One policy file as loaded: where it lay, its text, its tree and the names it can see."""

    path: str
    text: str
    parsed: Parsed = attrs.field(repr=False)
    scope: Scope = attrs.field(repr=False)
    head: t.PolicyHead | t.LibraryHead | None = attrs.field(repr=False)
    asked_for: bool = True

    @property
    def name(self) -> str:
        """The name its head gives."""
        return self.head.name.text if self.head is not None else self.path

    def tests(self) -> tuple[t.TestBlock, ...]:
        """Its `test` blocks."""
        return tuple(block for block in self.parsed.file.blocks if isinstance(block, t.TestBlock))


@attrs.frozen
class Loaded:
    """What was loaded: the policies asked for, every file read, and every diagnostic.

    `inputs` holds every place that was looked at, with what was there in short, or None.
    """

    policies: tuple[Policy, ...]
    files: tuple[PolicyFile, ...]
    diagnostics: tuple[Diagnostic, ...]
    inputs: Mapping[str, str | None] = attrs.field(factory=dict, repr=False)

    def text_of(self, path: str) -> str | None:
        """The text of a file that was read."""
        return next((file.text for file in self.files if file.path == path), None)


def read(names: Iterable[str | os.PathLike[str]], texts: Mapping[str, str] | None = None) -> Loaded:
    """Load files, folders or shipped policies by name; faults are in `diagnostics`, nothing is raised for them.

    `texts` are texts that stand in for the files of their paths: what an editor holds and has not saved.
    """
    return _Loading(texts or {}).run([os.fspath(name) for name in names])


def changed(loaded: Loaded, path: str, tree: t.File) -> Loaded:
    """Load a file again with another tree, as if it had been written so, with the files that hang on it and those that they need.

    Nothing is read: tables stay as they were.
    """
    return _Loading({}).again(loaded, path, tree)


@cache
def shipped() -> dict[str, Any]:
    """The shipped policies and libraries by name: where each file lies."""
    found: dict[str, Any] = {}
    pending = [folder("policies")]
    while pending:
        for entry in sorted(pending.pop().iterdir(), key=lambda item: item.name):
            if entry.is_dir():
                pending.append(entry)
            elif entry.name.endswith(".policy"):
                head = _HEAD.search(entry.read_text(encoding="utf-8"))
                if head:
                    found[head.group(1)] = entry
    return found


class _Loading:
    """One load: the files read so far, by the names of their heads."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.files: dict[str, PolicyFile] = {}
        self.by_name: dict[str, PolicyFile] = {}
        self.diagnostics: list[Diagnostic] = []
        self.policies: dict[str, Policy] = {}
        self.folding: list[str] = []
        self.inputs: dict[str, str | None] = {}

    def run(self, names: list[str]) -> Loaded:
        for name in names:
            self._take(name)
        pending = list(self.files.values())
        while pending:
            pending += self._dependencies(pending.pop(0))
        return self._settled()

    def again(self, loaded: Loaded, path: str, tree: t.File) -> Loaded:
        """Settle files that were read before, one of them with another tree; tables are not read twice."""
        for file in _hanging_on(loaded.files, path):
            parsed = attrs.evolve(file.parsed, file=tree) if file.path == path else file.parsed
            fresh = self._take_up(file.path, file.text, parsed, file.asked_for)
            fresh.scope.settled.update(file.scope.tables_settled())
        return self._settled()

    def _settled(self) -> Loaded:
        for file in list(self.files.values()):
            self._see(file)
        for file in list(self.files.values()):
            self._check(file)
        found = [self.policies[file.name] for file in self.files.values() if file.asked_for and file.name in self.policies]
        every = [*self.diagnostics, *(d for file in self.files.values() for d in (*file.parsed.diagnostics, *file.scope.diagnostics))]
        return Loaded(tuple(found), tuple(self.files.values()), in_order(every), self.inputs)

    # ---- reading ---------------------------------------------------------------------------------------------

    def _refuse(self, path: str, message: str, near: str | None = None) -> None:
        self.diagnostics.append(Diagnostic("E001", path, _AT_START, message, None, near))

    def _take(self, name: str) -> None:
        path = Path(name)
        if name in self.texts:
            self._add_text(name, normalised(self.texts[name]), asked_for=True)
            return
        self.inputs[name] = digest(name)
        if path.is_dir():
            inside = sorted(path.rglob("*.policy"))
            if not inside:
                self._refuse(name, "the folder holds no .policy file")
            for file in inside:
                self._take_file(file)
        elif path.is_file():
            self._take_file(path)
        elif name in shipped():
            self._take_shipped(name, asked_for=True)
        else:
            self._not_there(name)

    def _not_there(self, name: str) -> None:
        if name.endswith(".policy") or os.sep in name:
            self._refuse(name, "there is no such file or folder")
            return
        near = nearest(name, shipped())
        self._refuse(name, f'no file, folder or shipped policy is called "{name}"', near)

    def _take_file(self, path: Path) -> None:
        try:
            self._add(str(path), path.read_bytes(), asked_for=True)
        except OSError as error:
            self._refuse(str(path), f"the file can't be read: {error.strerror or 'unknown reason'}")

    def _take_shipped(self, name: str, asked_for: bool) -> PolicyFile | None:
        entry = shipped()[name]
        return self._add(str(entry), entry.read_bytes(), asked_for)

    def _add(self, path: str, data: bytes, asked_for: bool) -> PolicyFile | None:
        if path in self.files:
            return self.files[path]
        self.inputs[path] = digest(path)
        try:
            text = normalised(data.decode("utf-8"))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
            span = t.Span(line, column, line, column + 1)
            self.diagnostics.append(Diagnostic("E001", path, span, "the file is not UTF-8 text", "save it as UTF-8"))
            return None
        return self._add_text(path, text, asked_for)

    def _add_text(self, path: str, text: str, asked_for: bool) -> PolicyFile:
        return self._take_up(path, text, parse(text, path), asked_for)

    def _take_up(self, path: str, text: str, parsed: Parsed, asked_for: bool) -> PolicyFile:
        heads = [b for b in parsed.file.blocks if isinstance(b, t.PolicyHead | t.LibraryHead)]
        scope = Scope(path, heads[0].name.text if heads else path, parsed, tuple(text.split("\n")), self._read_table)
        file = PolicyFile(path, text, parsed, scope, heads[0] if heads else None, asked_for)
        self.files[path] = file
        self._one_head(file, heads)
        scope.declare()
        return file

    def _one_head(self, file: PolicyFile, heads: list[Any]) -> None:
        broken_head = any(re.match(r"(policy|library)\b", file.scope.source_line(n)) for n in file.parsed.broken)
        if not heads and not broken_head:
            file.scope.report("E012", _AT_START, "the file has no `policy` or `library` head", "policy NAME { title \"...\" payer \"...\" }")
        for other in heads[1:]:
            file.scope.report("E012", other.name, f"a file has one head; the first is in line {heads[0].span.line}")
        if file.head is None:
            return
        first = self.by_name.get(file.name)
        if first is not None:
            file.scope.report("E016", file.head.name, f'"{file.name}" is the name of {first.path} too')
        else:
            self.by_name[file.name] = file

    def _read_table(self, path: str, beside: str) -> tuple[str, str] | None:
        """Read a table beside the policy's file, then beside the shipped policies; None where it is in neither place."""
        here = Path(beside).parent / path
        self.inputs[str(here)] = digest(str(here))
        if here.is_file():
            return _decoded(str(here), here.read_bytes())
        there = folder("policies")
        for part in Path(path).parts:
            if part in ("..", "/", os.sep):
                return None
            there = there / part
        self.inputs[str(there)] = digest(str(there))
        return _decoded(str(there), there.read_bytes()) if there.is_file() else None

    # ---- names of other files --------------------------------------------------------------------------------

    def _dependencies(self, file: PolicyFile) -> list[PolicyFile]:
        found = []
        for name in (*_named(file, t.Uses), *_named(file, t.Extends)):
            if name.text not in self.by_name and name.text in shipped():
                added = self._take_shipped(name.text, asked_for=False)
                if added is not None:
                    found.append(added)
        return found

    def _see(self, file: PolicyFile) -> None:
        for name in (*_named(file, t.Uses), *_named(file, t.Extends)):
            other = self.by_name.get(name.text)
            if other is None:
                known = [*self.by_name, *shipped()]
                file.scope.unknown("E028", name, "policy or library", known)
                file.scope.blind = True
            elif other.scope is not file.scope:
                self._defined_twice(file, name, other)
                _hides(file, other)
                file.scope.visible.append(other.scope)
        for name in _named(file, t.Uses):
            other = self.by_name.get(name.text)
            if other is not None and not isinstance(other.head, t.LibraryHead):
                file.scope.report("E028", name, f'"{name.text}" is a policy, not a library', f"extends {name.text}")

    def _defined_twice(self, file: PolicyFile, name: t.Name, other: PolicyFile) -> None:
        for visible in file.scope.visible:
            both = sorted(set(visible.blocks) & set(other.scope.blocks))
            for word in both[:3]:
                file.scope.report("E031", name, f'"{word}" is defined by {visible.name} and by {other.name}')

    # ---- policies --------------------------------------------------------------------------------------------

    def _check(self, file: PolicyFile) -> None:
        if isinstance(file.head, t.LibraryHead):
            self._library(file, file.head)
        elif file.head is not None:
            self._policy(file)
        self._definitions(file.scope)

    def _library(self, file: PolicyFile, head: t.LibraryHead) -> None:
        once(file.scope, head, (t.Title, t.Uses), (), "a library's head")
        for block in file.parsed.file.blocks:
            if isinstance(block, t.RuleBlock | t.TestBlock | t.OverrideBlock | t.DropBlock):
                name = block.name
                file.scope.report("E013", name, "a library holds definitions only", "put rules and tests into a policy")

    def _policy(self, file: PolicyFile) -> Policy | None:
        """Build a policy with the rules of its bases; a ring of bases is a fault."""
        if file.name in self.policies:
            return self.policies[file.name]
        if file.name in self.folding:
            return None
        self.folding.append(file.name)
        try:
            built = _PolicyBuilder(file, [b for b in (self._base(file, name) for name in _named(file, t.Extends)) if b]).build()
        finally:
            self.folding.pop()
        self.policies[file.name] = built
        return built

    def _base(self, file: PolicyFile, name: t.Name) -> Policy | None:
        other = self.by_name.get(name.text)
        if other is None:
            return None
        if isinstance(other.head, t.LibraryHead):
            file.scope.report("E028", name, f'"{name.text}" is a library: it has no rules', f"uses {name.text}")
            return None
        if other.name in self.folding:
            ring = " extends ".join([*self.folding[self.folding.index(other.name) :], other.name])
            file.scope.report("E030", name, f"a ring: {ring}")
            return None
        return self._policy(other)

    def _definitions(self, scope: Scope) -> None:
        """Settle every definition, so that a mistake in one that nothing uses is found too."""
        used = set(scope.used)
        phrases = Phrases(scope)
        for name, block in scope.blocks.items():
            match block:
                case t.CodesBlock():
                    scope.code_set(t.Name(name, span=block.name.span))
                case t.TableBlock():
                    scope.table(t.Name(name, span=block.name.span))
                case t.AmountBlock():
                    phrases.value(t.Name(name, span=block.name.span))
                case t.FactBlock():
                    scope.fact(block)
                case t.TermBlock():
                    phrases.condition(t.Flag(t.Name(name, span=block.name.span), span=block.name.span))
                case t.CounterBlock():
                    phrases.counter(t.Count(t.Name(name, span=block.name.span), span=block.name.span))
                case t.EventBlock():
                    scope.event_facts(name)
                case t.WindowBlock():
                    phrases.window(t.Name(name, span=block.name.span))
        scope.used.clear()
        scope.used.update(used)
        self._sources(scope)

    def _sources(self, scope: Scope) -> None:
        for block in scope.sources.values():
            clauses = once(scope, block, (t.Title, t.Url, t.Confirmed), (), "a source")
            required(scope, block, clauses, (t.Title,), "a source")
            for clause in clauses:
                if isinstance(clause, t.Confirmed):
                    scope.day(clause.day)


def _hides(file: PolicyFile, other: PolicyFile) -> None:
    """A name of the file's own that a file it uses or extends defines too."""
    for word, block in file.scope.blocks.items():
        if word in other.scope.blocks:
            told = f'"{word}" is defined by {other.name} too: this file goes by its own, what {other.name} says by the other'
            file.scope.report("W019", block.name, told, "another name; or leave it out, and the one of that file is meant")


def _named(file: PolicyFile, kind: type) -> list[t.Name]:
    """The files that a head uses or extends."""
    clauses = file.head.clauses if file.head is not None else ()
    return [name for clause in clauses if isinstance(clause, kind) for name in clause.names]  # type: ignore[union-attr]


def _hanging_on(files: Iterable[PolicyFile], path: str) -> list[PolicyFile]:
    """A file, those that use or extend it by whatever way, and all that these use or extend."""
    every = list(files)
    needs = {file.name: {name.text for kind in (t.Uses, t.Extends) for name in _named(file, kind)} for file in every}
    chosen = {file.name for file in every if file.path == path}
    while more := {name for name, needed in needs.items() if needed & chosen} - chosen:
        chosen |= more
    while more := {name for one in chosen for name in needs.get(one, ())} - chosen:
        chosen |= more
    return [file for file in every if file.name in chosen or file.path == path]


@attrs.define
class _PolicyBuilder:
    """Builds one policy from its file and its bases."""

    file: PolicyFile
    bases: list[Policy]

    def build(self) -> Policy:
        scope, head = self.file.scope, self.file.head
        assert isinstance(head, t.PolicyHead)
        clauses = once(scope, head, _POLICY_CLAUSES, _REPEATED, "a policy's head")
        required(scope, head, clauses, (t.Title,), "a policy's head")
        effective = tuple(scope.span(c.start, c.end) for c in clauses if isinstance(c, t.Effective))
        own = self._own_rules(effective)
        header = self._header(clauses, effective)
        self._named_once(own)
        based = tuple({rule.name: rule for base in self.bases for rule in base.rules}.values())
        changes = tuple(block for block in self.file.parsed.file.blocks if isinstance(block, t.OverrideBlock | t.DropBlock))
        based = folded(based, changes, scope, effective)
        rules = tuple(_with_header(rule, header) for rule in (*own, *based))
        return Policy(
            name=head.name.text,
            title=next((c.text.text for c in clauses if isinstance(c, t.Title)), head.name.text),
            payers=tuple(i.text for c in clauses if isinstance(c, t.Payer) for i in c.ids),
            plans=tuple(i.text for c in clauses if isinstance(c, t.Plans) for i in c.ids),
            effective=effective, rules=rules, assumes=self._assumes(clauses), holidays=self._holidays(clauses),
            facts=tuple(scope.facts().values()), events={kind: tuple(scope.event_facts(kind).values()) for kind in scope.names("event")},
            code_table=scope.codes_known, path=self.file.path,
        )  # fmt: skip

    def _own_rules(self, effective: tuple[DateSpan, ...]) -> list[Rule]:
        scope, builder = self.file.scope, Rules(self.file.scope, effective)
        first: dict[str, t.Span] = {}
        found: list[Rule] = []
        for block in self.file.parsed.file.blocks:
            if isinstance(block, t.RuleBlock):
                rule = builder.rule(block)
                self._not_a_word(block.name)
                if block.name.text in first:
                    line = first[block.name.text].line
                    scope.report("E016", block.name, f'a rule "{block.name.text}" stands in line {line} already')
                elif rule is not None:
                    found.append(rule)
                first.setdefault(block.name.text, block.span)
        return found

    def _not_a_word(self, name: t.Name) -> None:
        from .scope import CLAUSE_WORDS
        from .vocabulary import BLOCK_WORDS

        if name.text in BLOCK_WORDS or name.text in CLAUSE_WORDS:
            self.file.scope.report("E017", name, f'"{name.text}" is a word of the language', "choose another name")

    def _named_once(self, own: list[Rule]) -> None:
        head = self.file.head
        assert head is not None
        seen: dict[str, str] = {rule.name: self.file.name for rule in own}
        for base in self.bases:
            for rule in base.rules:
                if rule.name in seen and seen[rule.name] != rule.origin:
                    self.file.scope.report("E031", head.name, f'{seen[rule.name]} and {rule.origin} both have a rule "{rule.name}"')
                seen[rule.name] = rule.origin

    def _header(self, clauses: list[Any], effective: tuple[DateSpan, ...]) -> Rule:
        """The header's own scope, as a rule without a demand, to be added to each rule (M1.3)."""
        from .policy import Forbid

        rules = Rules(self.file.scope, effective)
        phrases = Phrases(self.file.scope)
        return Rule(
            "head", "head", Forbid(), "inform",
            on=tuple(self.file.scope.selector(c.selector, "procedure") for c in clauses if isinstance(c, t.On)),
            when=(*rules.clauses_of(phrases, clauses, t.When), *self._plan_clause(clauses)),
            excepts=rules.clauses_of(phrases, clauses, t.Except),
            effective=(effective,) if effective else (),
        )  # fmt: skip

    def _plan_clause(self, clauses: list[Any]) -> tuple[Clause, ...]:
        """Where the plan is unknown, `plans` is judged like a `when` of each rule (M1.1)."""
        plans = [i.text for c in clauses if isinstance(c, t.Plans) for i in c.ids]
        if not plans:
            return ()
        from .fields import FIELDS

        listed = ", ".join(f'"{plan}"' for plan in plans)
        members = CodeSet(listed, "text", tuple(Entry("word", plan) for plan in plans))
        return (Clause(OnList(FIELDS["plan"], members), f"plans {listed}"),)

    def _assumes(self, clauses: list[Any]) -> tuple[tuple[Any, Constant], ...]:
        found = {field.name: (field, value) for base in self.bases for field, value in base.assumes}
        phrases = Phrases(self.file.scope)
        for clause in clauses:
            if isinstance(clause, t.Assume):
                field = phrases.field(clause.field)
                value = phrases.value(clause.value, field.type, field)
                if field is NO_FIELD:
                    continue
                fits = isinstance(value, Constant) and value.type in (field.type, "?")
                if not fits:
                    self.file.scope.report("E040", clause.value, f"{field.name} can't be assumed to be this: {type_of(value)} is not {field.type}")
                elif field.many or field.owner in ("authorization", "note", "session", "other_payer"):
                    self.file.scope.report("E058", clause.field, f"{field.name} can't be assumed: it is known or it is not")
                else:
                    found[field.name] = (field, value)  # type: ignore[assignment]
        return tuple(found.values())

    def _holidays(self, clauses: list[Any]) -> Table | None:
        clause = next((c for c in clauses if isinstance(c, t.Holidays)), None)
        if clause is None:
            return next((base.holidays for base in self.bases if base.holidays is not None), None)
        table = self.file.scope.table(clause.table)
        if table is not None and table.keys != ("date",):
            self.file.scope.report("E054", clause.table, "a table of holidays has one key, `date`")
            return None
        return table


def _with_header(rule: Rule, header: Rule) -> Rule:
    """Add the header's scope and dates to a rule."""
    return attrs.evolve(
        rule,
        on=(*rule.on, *header.on),
        when=(*rule.when, *header.when),
        excepts=(*rule.excepts, *header.excepts),
        effective=(*rule.effective, *header.effective),
    )


def _decoded(path: str, data: bytes) -> tuple[str, str]:
    return path, data.decode("utf-8", errors="surrogateescape")
