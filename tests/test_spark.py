"""Spark gives the rows that a local audit gives; one local session for all of it. Runs where pyspark is installed (extra `[spark]`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from audits import a_year, policy_file, row

pytest.importorskip("pyspark")
import pyarrow as pa
import pyarrow.parquet as pq

import cptrules
from cptrules import InputError, PolicyErrors, spark

SINCE = date(2026, 1, 1)


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "3")
    found = builder.config("spark.driver.host", "127.0.0.1").config("spark.sql.execution.arrow.maxRecordsPerBatch", "7").getOrCreate()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, Path]:
    """Lines of several patients: among them a broken one, one of nobody, and services of the history."""
    rows = [{**one, "history": "false"} for one in a_year(12)]
    rows += [{**row("X1", patient__id="P1", units="many"), "history": "false"}, {**row("X2", patient__id=None), "history": "false"},
             {**row("X3", patient__id=" "), "history": "false"}, {**row(None, patient__id="P2"), "history": "true"}]  # type: ignore[arg-type]  # fmt: skip
    table = pa.table({name: [one[name] for one in rows] for name in rows[0]})
    path = tmp_path_factory.mktemp("spark") / "lines.parquet"
    pq.write_table(table, path)
    return table, path


def comparable(rows: list[dict[str, Any]]) -> list[str]:
    """Rows to be compared: all but where they stood, which rows of a cluster do not know."""
    aside = {"refusal": ("source", "message")}
    return sorted(repr({name: value for name, value in one.items() if name not in aside.get(one["kind"], ("source",))}) for one in rows)


def test_spark_gives_the_rows_of_a_local_audit(session: Any, lines: tuple[pa.Table, Path], tmp_path: Path) -> None:
    table, path = lines
    acme = policy_file(tmp_path)
    local = cptrules.load(acme).audit_table(table, complete_from=SINCE).to_pylist()
    found = spark.audit(session.read.parquet(str(path)), acme, complete_from=SINCE).collect()
    assert comparable([one.asDict() for one in found]) == comparable(local)
    assert {"claim", "finding", "refusal"} == {one["kind"] for one in local}
    (refused,) = [one for one in found if one["kind"] == "refusal"]
    assert refused["claim"] == "X1" and "units: it is not a whole number" in refused["message"]
    assert all(isinstance(one["denied"], Decimal) for one in found if one["kind"] == "claim")


def test_what_does_not_do_is_said_before_anything_runs(session: Any, lines: tuple[pa.Table, Path], tmp_path: Path) -> None:
    frame = session.read.parquet(str(lines[1]))
    with pytest.raises(InputError, match=r"modifer: no such column.*did you mean modifiers\?"):
        spark.audit(frame.withColumnRenamed("modifiers", "modifer"), policy_file(tmp_path))
    bad = tmp_path / "bad.policy"
    bad.write_text("policy p {\n")
    with pytest.raises(PolicyErrors):
        spark.audit(frame, bad)


def test_policies_travel_as_text_with_their_tables(tmp_path: Path) -> None:
    import pickle

    from judging import HEAD

    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "most.csv").write_text("code,units\n97110,2\n")
    path = tmp_path / "acme.policy"
    path.write_text(HEAD % "" + 'table most from "tables/most.csv" keys code values units\n'
                    "limit most { count units per day and code  at most most  outcome deny  cite manual }\n")  # fmt: skip
    texts = pickle.loads(pickle.dumps(spark.PolicyTexts.of([path, "libraries.therapy_codes"])))
    assert [name for name, _ in texts.files] == ["acme.policy", "tables/most.csv"]
    assert texts.names == ("acme.policy", "libraries.therapy_codes")
    path.unlink()
    (tmp_path / "tables" / "most.csv").unlink()
    assert texts.load().policies[0].name == "acme.ppo"
