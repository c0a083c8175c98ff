"""One audit from its files to its results: cut into parts by patient, judged part by part in several processes, joined in order.

It can be killed at any moment: what is done is kept, and the same command goes on from there to the same files.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import CptrulesError, Fault, InputError
from .fingerprint import of_mapping, of_policies
from .mapping import PLAIN, TableMapping
from .page import page
from .partition import partition, parts_for, spool_of
from .patients import Completeness
from .processes import ProcessDied, in_processes
from .reading import PartReader
from .results import FILES, Judge
from .sample import COLUMNS as SAMPLE_COLUMNS
from .sample import Strata
from .sources import Source, arrow, fingerprint, source_of
from .store import join, whole, write_table
from .summary import COLUMNS as SUMMARY_COLUMNS
from .summary import Summary
from .work import WorkFolder, alone, columns_of, judged

if TYPE_CHECKING:
    from ..checking import Policies
    from ..fhir.mapping import FhirMapping


class AuditStopped(CptrulesError):
    """An audit that could not go on; what is done is kept, and the same command goes on."""


@attrs.frozen
class Options:
    """What an audit is told beside its policies and files.

    `complete`: since when claims and history together hold every service; `sample` and `seed`: how many findings to draw for a chart
    audit; `repairs`: whether repairs are tried and written; `form`: csv or parquet; `workers`: processes; `payers`: other names for
    payers of the files.
    """

    complete: Completeness = Completeness()
    ignore_missing: tuple[str, ...] = ()
    payers: dict[str, str] = attrs.field(factory=dict)
    mapping: TableMapping | FhirMapping = PLAIN
    history_mapping: TableMapping | FhirMapping = PLAIN
    form: str = "csv"
    workers: int = 1
    sample: int = 0
    seed: int = 0
    repairs: bool = False
    restart: bool = False


@attrs.frozen
class Job:
    """All that a process needs to judge a part."""

    judge: Judge
    reader: PartReader
    folder: WorkFolder
    options: Options

    def part(self, number: int) -> int:
        """Judge a part and write its results; give its number."""
        people = self.reader.people(spool_of(self.folder.spool, number))
        results, done = judged(people, self.judge, self.options.sample, self.options.seed)
        self.folder.write_part(number, results, self.options.form, done)
        return number


@attrs.frozen
class Outcome:
    """What an audit came to: its figures, and the files it has written."""

    summary: Summary
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


Progress = Callable[[str, int], "Callable[[int], None]"]


def _quiet(label: str, length: int) -> Callable[[int], None]:
    return lambda many: None


def audit(policies: Policies, claims: Sequence[str], out: str | os.PathLike[str], histories: Sequence[str] = (), *,
          options: Options = Options(), progress: Progress = _quiet) -> Outcome:  # fmt: skip
    """Audit files of claims into a folder: claims, findings, refusals and summary as tables, and a page.

    `progress` is asked for a bar (its label and length) and gives what hears of each step. Raises InputError where a file or the folder
    can't be read or is of something else, AuditStopped where the disk is full or a process dies; nothing half written has a final name.
    """
    folder = WorkFolder(Path(out))
    sources = [source_of(path, options.mapping) for path in claims]
    sources += [source_of(path, options.history_mapping, of_a_history=True) for path in histories]
    sources = _told_apart(sources)
    _facts_in_place(policies, sources)
    if options.form == "parquet":
        arrow()
    try:
        folder.out.mkdir(parents=True, exist_ok=True)
        with alone(folder.out):
            return _run(policies, sources, folder, options, progress)
    except ProcessDied:
        told = "a process was ended from outside (the system may have been short of memory); what is done is kept: run the same command again"
        raise AuditStopped(f"{folder.out}: {told}") from None
    except OSError as error:
        raise AuditStopped(_stopped(error, folder)) from None


def _told_apart(sources: Sequence[Source]) -> list[Source]:
    """Files of one name are called by their paths; one that is given twice would make every claim of it stand twice."""
    real = Counter((os.path.realpath(source.path), source.of_a_history) for source in sources)
    twice = [Fault(path, "the file is given twice") for (path, _), many in real.items() if many > 1]
    if twice:
        raise InputError(twice)
    names = Counter(source.name for source in sources)
    return [attrs.evolve(source, label=source.path) if names[source.name] > 1 else source for source in sources]


def _stopped(error: OSError, folder: WorkFolder) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{folder.out}: there is no room left to write; make room and run the same command again, what is done is kept"
    return f"{folder.out}: it can't be written: {error.strerror or type(error).__name__}"


def _facts_in_place(policies: Policies, sources: Iterable[Source]) -> None:
    """A fact's column must say whose fact it is, as the policies ask for it."""
    from .columns import misplaced_facts

    owners = {fact.name: fact.owner for fact in policies.facts()}
    faults = []
    for source in sources:
        names = [bound.column.name for bound in source.bound()] if source.header else []
        faults += [attrs.evolve(fault, path=f"{source.path}: column {fault.path}") for fault in misplaced_facts(names, owners)]
    if faults:
        raise InputError(faults)


def _run(policies: Policies, sources: Sequence[Source], folder: WorkFolder, options: Options, progress: Progress) -> Outcome:
    parts = parts_for(sources)
    manifest = _manifest(policies, sources, options, parts)
    if folder.begin(manifest, options.restart):
        folder.tidy()
        return _finished(folder, options)
    if not folder.spool.is_dir():
        _cut(sources, folder, parts, progress)
    told = _partition(folder)
    reader = PartReader(tuple(sources), options.payers, frozenset(told["torn"]))
    job = Job(Judge(policies, options.complete, options.ignore_missing, options.repairs), reader, folder, options)
    _judge(job, [number for number in range(parts) if not folder.is_done(number)], parts, progress)
    return _joined(job, parts, told, manifest)


def _manifest(policies: Policies, sources: Sequence[Source], options: Options, parts: int) -> dict[str, Any]:
    """What the work is of, to be compared with what a later run is of."""
    from .. import __version__

    told = {
        "cptrules": __version__, "policies": of_policies(policies), "parts": parts,
        "files": {f"{source.name}{' (history)' if source.of_a_history else ''} {number}": fingerprint(source.path)
                  for number, source in enumerate(sources)},
        "options": {
            "complete_from": str(options.complete.since) if options.complete.since else None, "complete_for": options.complete.of,
            "ignore_missing": sorted(options.ignore_missing), "payers": options.payers, "format": options.form, "sample": options.sample,
            "seed": options.seed, "repairs": options.repairs, "mapping": of_mapping(options.mapping),
            "history_mapping": of_mapping(options.history_mapping),
        },
    }  # fmt: skip
    return told


def _partition(folder: WorkFolder) -> dict[str, Any]:
    return dict(json.loads((folder.spool / "partition.json").read_text(encoding="utf-8")))


def _cut(sources: Sequence[Source], folder: WorkFolder, parts: int, progress: Progress) -> None:
    """Cut the input into parts; a run that was killed over it begins anew."""
    temporary = folder.spool.with_name("records.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        lines = sum(source.lines() for source in sources)
        told = progress("reading", lines)
        partition(sources, temporary, parts, told)
        told(lines)  # the number of lines was reckoned; the bar comes to its end all the same
        os.rename(temporary, folder.spool)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


# ---- judging, in one process or several --------------------------------------------------------------------------


def _judge(job: Job, numbers: Sequence[int], parts: int, progress: Progress) -> None:
    told = progress("judging", parts)
    told(parts - len(numbers))
    many = min(job.options.workers, len(numbers))
    done = map(job.part, numbers) if many <= 1 else in_processes(job, job.folder.work / "job", many, numbers)
    for _ in done:
        told(1)


# ---- joining -----------------------------------------------------------------------------------------------------


def _joined(job: Job, parts: int, told: dict[str, Any], manifest: dict[str, Any]) -> Outcome:
    """Join the parts in their order, write summary, sample and page, and say that it is finished."""
    folder, options = job.folder, job.options
    summary, strata, records = Summary(), Strata(options.sample, options.seed), 0
    for number in range(parts):
        done = folder.read_done(number, options.sample, options.seed)
        summary.merge(done.summary)
        strata.merge(done.strata)
        records += done.records
    if records != told["rows"]:
        lost = f"of {told['rows']} records read {records} came to be judged; this is a defect of cptrules, please report it"
        raise AuditStopped(f"{folder.out}: {lost}")
    for kind, name in FILES.items():
        paths = [folder.part(number) / f"{name}.{options.form}" for number in range(parts)]
        join(paths, folder.out / f"{name}.{options.form}", columns_of(kind), options.form)
    write_table(folder.out / f"summary.{options.form}", list(summary.rows()), SUMMARY_COLUMNS, options.form)
    if options.sample:
        write_table(folder.out / f"sample.{options.form}", list(strata.rows()), SAMPLE_COLUMNS, options.form)
    with whole(folder.out / "audit.html") as file:
        file.write(page(summary, _judged_by(job.judge), told["notes"]).encode())
    folder.write_manifest({**manifest, "finished": True, "summary": attrs.asdict(summary), "notes": told["notes"]})
    folder.tidy()
    return _outcome(folder, options, summary, tuple(told["notes"]))


def _judged_by(judge: Judge) -> list[str]:
    """By what it was judged, for the page."""
    titles = "; ".join(f"{policy.title} ({policy.name})" for policy in judge.policies.policies)
    whose = "this provider's own services" if judge.complete.of == "billing_provider" else "every service of each patient"
    since = judge.complete.since
    stated = f"Claims and history are stated to hold {whose} since {since}."
    told = stated if since else "Nobody said since when the histories are complete."
    ignored = [f"Taken as not needed: {', '.join(judge.ignore_missing)}."] if judge.ignore_missing else []
    return [f"Judged by {titles}.", told, *ignored]


def _finished(folder: WorkFolder, options: Options) -> Outcome:
    told = folder.manifest()
    assert told is not None
    return _outcome(folder, options, Summary(told["summary"]["groups"]), ("this audit was finished before; nothing was judged again", *told["notes"]))


def _outcome(folder: WorkFolder, options: Options, summary: Summary, notes: tuple[str, ...] = ()) -> Outcome:
    names = [*FILES.values(), "summary", *(["sample"] if options.sample else [])]
    return Outcome(summary, (*(folder.out / f"{name}.{options.form}" for name in names), folder.out / "audit.html"), notes)
