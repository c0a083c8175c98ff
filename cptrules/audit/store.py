"""Tables written to disk, CSV or Parquet: whole under a temporary name, then renamed. The bytes hang on the rows alone."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final

from ..errors import Fault, InputError
from .sources import arrow

FORMS: Final = ("csv", "parquet")
Schema = Mapping[str, str]


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write; it gets its name when all of it is on the disk, and is taken away where something goes wrong."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def arrow_schema(schema: Schema) -> Any:
    """The Arrow schema of a table's columns."""
    pa = arrow()
    types = {"text": pa.string(), "whole": pa.int32(), "money": pa.decimal128(14, 2), "date": pa.date32()}
    return pa.schema([(name, types[kind]) for name, kind in schema.items()])


def arrow_table(rows: Sequence[Mapping[str, Any]], schema: Schema) -> Any:
    """Rows as an Arrow table; a column that a row does not have is null."""
    pa = arrow()
    wanted = arrow_schema(schema)
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in wanted]
    return pa.Table.from_arrays(columns, schema=wanted)


def _csv_text(rows: Iterable[Mapping[str, Any]], schema: Schema) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([_cell(row.get(name)) for name in schema] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def write_rows(file: IO[bytes], rows: Sequence[Mapping[str, Any]], schema: Schema, form: str) -> None:
    """Write the rows of a part: CSV without a header, or a Parquet file."""
    if form == "csv":
        file.write(_csv_text(rows, schema).encode("utf-8", "surrogatepass"))
        return
    pa = arrow()
    pa.parquet.write_table(arrow_table(rows, schema), file)


def join(paths: Iterable[Path], target: Path, schema: Schema, form: str) -> None:
    """Join the files of parts, in their order, to one table under its final name."""
    with whole(target) as file:
        if form == "csv":
            file.write((",".join(schema) + "\n").encode())
            for path in paths:
                with open(path, "rb") as part:
                    while piece := part.read(1 << 20):
                        file.write(piece)
            return
        _join_parquet(paths, file, schema)


def _join_parquet(paths: Iterable[Path], file: IO[bytes], schema: Schema) -> None:
    """Join parts to row groups of some size: many small ones would make the file slow to read."""
    pa = arrow()
    held: list[Any] = []
    with pa.parquet.ParquetWriter(file, arrow_schema(schema)) as writer:
        for path in paths:
            try:
                held.append(pa.parquet.read_table(path))
            except (pa.ArrowException, OSError) as error:
                told = f"a part of the results can't be read ({type(error).__name__}); run again with --restart"
                raise InputError([Fault(str(path), told)]) from None
            if sum(table.num_rows for table in held) >= 65_536:
                writer.write_table(pa.concat_tables(held))
                held = []
        if held:
            writer.write_table(pa.concat_tables(held))


def write_table(target: Path, rows: Sequence[Mapping[str, Any]], schema: Schema, form: str) -> None:
    """Write a whole table under its final name."""
    with whole(target) as file:
        if form == "csv":
            file.write((",".join(schema) + "\n").encode())
        write_rows(file, rows, schema, form)
