"""Audit a Spark table of flat lines (extra `[spark]`): `mapInArrow` over partitions that hold each patient's rows together, sorted.

    from cptrules import spark
    results = spark.audit(lines, "medicare.part_b.outpatient_therapy", "policies/acme.policy", complete_from=date(2026, 1, 1))

What travels to the executors is the text of the policies and their tables; each Python worker loads them once. The executors need
cptrules and pyarrow, and PYSPARK_PYTHON must name the interpreter that has them (docs/scale.md).
"""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from . import __version__
from .audit.cells import NONE
from .audit.mapping import PLAIN, TableMapping, bind, read_mapping
from .audit.results import SCHEMA
from .audit.tables import audited, judge_of
from .errors import CptrulesError, Fault, InputError
from .resources import folder

if TYPE_CHECKING:
    import pyarrow as pa

    from .checking import Policies

_TYPES = {"text": "string", "whole": "int", "money": "decimal(14,2)", "date": "date"}


@attrs.frozen
class PolicyTexts:
    """Policies as text: the names that were asked for, and the files they need, by their paths below one folder."""

    names: tuple[str, ...]
    files: tuple[tuple[str, bytes], ...]
    version: str = __version__

    @classmethod
    def of(cls, names: Iterable[str | os.PathLike[str]]) -> PolicyTexts:
        """Gather the texts of files, folders or shipped policies by name; raises PolicyErrors holding every mistake of them."""
        from .checking import policies_of
        from .loading import read

        given = tuple(os.fspath(name) for name in names)
        loaded = read(given)
        policies_of(loaded)
        here: dict[str, Path] = {name: Path(name).resolve() for name in given if Path(name).exists()}
        files = {Path(path).resolve() for path in loaded.inputs if Path(path).is_file()}
        own = [path for path in files if not _is_shipped(path) or any(_is_shipped(one) for one in here.values())]
        if not own:
            return cls(given, ())
        root = Path(os.path.commonpath([*(path.parent for path in own), *(one for one in here.values() if one.is_dir())]))
        told = tuple(str(here[name].relative_to(root)) if name in here else name for name in given)
        return cls(told, tuple((str(path.relative_to(root)), path.read_bytes()) for path in sorted(own)))

    def load(self) -> Policies:
        """Load the policies from their texts, once in each process."""
        return _loaded(self)


def _is_shipped(path: Path) -> bool:
    """Whether a file lies among the shipped policies: the workers have those, by their names."""
    return path.is_relative_to(Path(str(folder("policies"))).resolve())


@functools.lru_cache(maxsize=4)
def _loaded(texts: PolicyTexts) -> Policies:
    from .checking import load

    if texts.version != __version__:
        raise CptrulesError(f"the driver has cptrules {texts.version}, this worker has {__version__}: install the same on both")
    with tempfile.TemporaryDirectory() as place:
        for name, text in texts.files:
            path = Path(place, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        local = {name for name, _ in texts.files}
        here = [str(Path(place, name)) if name in local or Path(place, name).is_dir() else name for name in texts.names]
        return load(*here)


def batches(texts: PolicyTexts, names: Iterable[str], *, complete_from: date | None = None, complete_for: str = "patient",
            ignore_missing: tuple[str, ...] = (), mapping: TableMapping = PLAIN,
            repairs: bool = False) -> Callable[[Iterable[Any]], Iterator[Any]]:  # fmt: skip
    """The body of `mapInArrow`, for partitions sorted as `audit` sorts them; `names` are the columns' names, which may have dots there."""
    header = tuple(names)

    def body(given: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        judge = judge_of(texts.load(), complete_from, complete_for, ignore_missing, repairs)
        yield from audited(judge, (pa.RecordBatch.from_arrays(one.columns, names=list(header)) for one in given), mapping)

    return body


def schema() -> str:
    """The columns of the results, as Spark's DDL."""
    return ", ".join(f"`{name}` {_TYPES[kind]}" for name, kind in SCHEMA.items())


def audit(lines: Any, *policies: str | os.PathLike[str], complete_from: date | None = None, complete_for: str = "patient",
          ignore_missing: Iterable[str] = (), mapping: Mapping[str, Any] | None = None, repairs: bool = False,
          partitions: int | None = None) -> Any:  # fmt: skip
    """Audit a Spark DataFrame of flat lines: a DataFrame with a row for each claim, finding and refusal.

    Rows are shuffled once by patient. A row whose column `history` is true is a service of the history. Raises InputError where a column
    does not do, PolicyErrors where a policy does not.
    """
    try:
        from pyspark.sql import functions as f
    except ImportError:
        raise InputError([Fault("", "to audit on Spark, install the extra: pip install 'cptrules[spark]'")]) from None
    told = PLAIN if mapping is None else read_mapping(mapping)
    bind(lines.columns, told)
    texts = PolicyTexts.of(policies)
    judge_of(texts.load(), complete_from, complete_for, ignore_missing)
    plain = lines.toDF(*(f"c{place}" for place in range(len(lines.columns))))  # mapInArrow takes no names with dots
    columns = [_column(f, lines.columns, told, name) for name in ("patient.id", "date_of_service", "claim", "number")]
    key = f.coalesce(*[_said(f, column) for column in (columns[0], columns[2]) if column is not None], f.lit(""))
    shuffled = plain.repartition(partitions, key) if partitions else plain.repartition(key)
    body = batches(texts, lines.columns, complete_from=complete_from, complete_for=complete_for, ignore_missing=tuple(ignore_missing),
                   mapping=told, repairs=repairs)  # fmt: skip
    return shuffled.sortWithinPartitions(key, *(one for one in columns if one is not None)).mapInArrow(body, schema())


def _said(f: Any, column: Any) -> Any:
    """What a cell says, null where it says nothing: as the rows are sorted, so they are read (a patient's first, else the claim's)."""
    text = f.trim(column.cast("string"))
    return f.when(~text.isin("", NONE), text)


def _column(f: Any, names: list[str], mapping: TableMapping, field: str) -> Any:
    """The Spark column that holds a field; None where the table goes without it."""
    writing = mapping.fields.get(field)
    sources = writing.sources if writing is not None else (field,)
    if not sources or sources[0] not in names:
        return None
    return f.coalesce(*[f.col(f"c{names.index(name)}") for name in sources])
