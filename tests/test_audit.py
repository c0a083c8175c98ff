"""Audits of files: the same findings as a check of each claim with its history, everything counted, and nothing half written."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import judging
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from audits import a_year, as_dicts, files_of, policy, policy_file, read_csv, row, write_csv, write_jsonl
from hypothesis import given, settings
from hypothesis import strategies as st

import cptrules
from cptrules import Claim, History, InputError
from cptrules.audit import partition, run
from cptrules.audit.patients import Completeness
from cptrules.audit.run import AuditStopped, Options, audit
from cptrules.audit.sample import Strata

SINCE = date(2026, 1, 1)
STATED = Options(complete=Completeness(SINCE))


def told(rows: list[dict[str, str]]) -> list[tuple[str, ...]]:
    return sorted((one["claim"], one["line"], one["rule"], one["outcome"], one["message"]) for one in rows)


def checked(rows: list[dict[str, Any]], since: date | None = SINCE) -> list[tuple[str, ...]]:
    """The findings of a check of each claim by itself, with what M4 asks of a history put together here by hand."""
    claims = as_dicts([{**one, "modifiers": one["modifiers"].removeprefix("none")} for one in rows])
    loaded, found = policy(), []
    for claim in claims:
        last = max(line["date_of_service"] for line in claim["lines"])
        services = [
            {**line, "claim": other["id"], "billing_provider": other["billing_provider"]} for other in claims
            if other["patient"] == claim["patient"] and other is not claim for line in other["lines"] if line["date_of_service"] <= last
        ]  # fmt: skip
        history = {"services": services, **({"complete_from": str(since)} if since else {})}
        for finding in loaded.check(Claim.from_dict(claim), History.from_dict(history)).findings:
            found += [(claim["id"], str(number), finding.rule, finding.outcome, finding.message) for number in finding.lines]
    return sorted(found)


class TestFindings:
    @pytest.mark.parametrize("since", [SINCE, None])
    def test_they_are_those_of_a_check_with_the_patients_other_claims_as_history(self, tmp_path: Path, since: date | None) -> None:
        rows = a_year()
        audit(policy(), [str(write_csv(tmp_path / "c.csv", rows))], tmp_path / "out", options=Options(complete=Completeness(since)))
        found = told(read_csv(tmp_path / "out" / "findings.csv"))
        assert found == checked(rows, since)
        assert any(rule == "visits_a_year" for _, _, rule, _, _ in found)

    def test_without_a_stated_completeness_counts_stay_open(self, tmp_path: Path) -> None:
        path = str(write_csv(tmp_path / "c.csv", [row()]))
        audit(policy(), [path], tmp_path / "open")
        (one,) = read_csv(tmp_path / "open" / "claims.csv")
        assert (one["outcome"], one["missing"]) == ("undetermined", "history.complete_from")
        audit(policy(), [path], tmp_path / "stated", options=STATED)
        assert read_csv(tmp_path / "stated" / "claims.csv")[0]["outcome"] == "clean"

    def test_a_refused_claim_of_the_patient_leaves_the_history_incomplete(self, tmp_path: Path) -> None:
        path = str(write_csv(tmp_path / "c.csv", [row("A"), row("B", units="x"), row("C", patient__id="P2")]))
        audit(policy(), [path], tmp_path / "out", options=STATED)
        found = {one["claim"]: one for one in read_csv(tmp_path / "out" / "claims.csv")}
        assert (found["A"]["outcome"], found["C"]["outcome"]) == ("undetermined", "clean")
        assert "another claim of the patient was refused" in found["A"]["notes"]

    def test_claims_of_other_payers_do_not_count(self, tmp_path: Path) -> None:
        rows = [row(f"O{day}", payer="OTHER", date_of_service=f"2026-02-0{day}") for day in range(1, 9)]
        audit(policy(), [str(write_csv(tmp_path / "c.csv", [*rows, row()]))], tmp_path / "out", options=STATED)
        found = {one["claim"]: one for one in read_csv(tmp_path / "out" / "claims.csv")}
        assert found["C1"]["outcome"] == "clean"
        assert (found["O1"]["outcome"], found["O1"]["missing"]) == ("undetermined", "policy")
        assert "no policy for OTHER" in found["O1"]["notes"]

    def test_of_a_corrected_claim_others_see_the_correction_only(self, tmp_path: Path) -> None:
        days = [f"2026-02-0{day}" for day in (2, 3, 4)]
        rows = [row(f"A{day}", date_of_service=day, claim_kind=kind) for day in days for kind in ("first", "corrected")]
        audit(policy(), [str(write_csv(tmp_path / "c.csv", [*rows, row("Z", units="2")]))], tmp_path / "out", options=STATED)
        found = [json.loads(one["facts"])["used"] for one in read_csv(tmp_path / "out" / "findings.csv") if one["claim"] == "Z"]
        assert found == ["4"]
        assert len(read_csv(tmp_path / "out" / "claims.csv")) == 7

    def test_one_claim_id_twice_is_refused_both_times(self, tmp_path: Path) -> None:
        (claim,) = as_dicts([row("A")])
        found = audit(policy(), [str(write_jsonl(tmp_path / "c.jsonl", [claim, claim]))], tmp_path / "out")
        assert (found.summary.judged, found.summary.refused) == (0, 2)

    @given(st.randoms(use_true_random=False), st.sampled_from([1, 3, 50]))
    @settings(max_examples=15)
    def test_order_of_rows_and_number_of_parts_never_matter(self, tmp_path_factory: pytest.TempPathFactory, rng: random.Random, lines: int) -> None:
        folder = tmp_path_factory.mktemp("audit")
        rows = a_year(4, 5)
        rng.shuffle(rows)
        kept, partition.LINES_A_PART = partition.LINES_A_PART, lines
        try:
            audit(policy(), [str(write_csv(folder / "c.csv", rows))], folder / "out", options=STATED)
        finally:
            partition.LINES_A_PART = kept
        assert told(read_csv(folder / "out" / "findings.csv")) == checked(rows)


class TestHistory:
    def history(self, **more: Any) -> dict[str, Any]:
        services = [{"code": "97110", "modifiers": ["GP"], "units": 1, "date_of_service": f"2026-01-0{day}"} for day in (5, 6, 7)]
        return {"patient": "P1", "complete_from": "2026-01-01", "services": services, **more}

    def outcomes(self, tmp_path: Path, history: Path, *rows: dict[str, Any], options: Options = STATED) -> dict[str, str]:
        claims = write_csv(tmp_path / "c.csv", rows)
        audit(policy(), [str(claims)], tmp_path / "out", [str(history)], options=options)
        return {one["claim"]: one["outcome"] for one in read_csv(tmp_path / "out" / "claims.csv")}

    def test_a_history_file_counts_with_the_claims(self, tmp_path: Path) -> None:
        path = write_jsonl(tmp_path / "h.jsonl", [self.history(), {**self.history(), "patient": "P3"}])
        assert self.outcomes(tmp_path, path, row(), row("C2", patient__id="P2")) == {"C1": "deny", "C2": "clean"}

    def test_what_the_history_says_of_itself_is_enough(self, tmp_path: Path) -> None:
        path = write_jsonl(tmp_path / "h.jsonl", [self.history(services=[]), self.history(patient="P9")])
        assert self.outcomes(tmp_path, path, row(), options=Options()) == {"C1": "clean"}

    def test_services_as_a_table(self, tmp_path: Path) -> None:
        rows = [{"patient.id": "P1", "code": "97110", "modifiers": "GP", "date_of_service": f"2026-01-0{day}", "denied": denied}
                for day, denied in ((5, "false"), (6, "false"), (7, "true"))]  # fmt: skip
        assert self.outcomes(tmp_path, write_csv(tmp_path / "h.csv", rows), row()) == {"C1": "clean"}
        for one in rows:
            one["denied"] = ""
        (tmp_path / "second").mkdir()
        assert self.outcomes(tmp_path / "second", write_csv(tmp_path / "h2.csv", rows), row()) == {"C1": "deny"}

    def test_a_claim_that_the_history_lists_too_counts_once(self, tmp_path: Path) -> None:
        mine = [row(f"A{day}", date_of_service=f"2026-01-0{day}") for day in (5, 6)]
        named = self.history(services=[{"code": "97110", "units": 1, "modifiers": ["GP"], "date_of_service": "2026-01-05", "claim": "A5"},
                                       {"code": "97110", "units": 1, "modifiers": ["GP"], "date_of_service": "2026-01-06"}])  # fmt: skip
        path = write_jsonl(tmp_path / "h.jsonl", [named, self.history(patient="P9")])
        assert self.outcomes(tmp_path, path, *mine, row("Z", date_of_service="2026-01-06", code="97140", units="3"))["Z"] == "clean"

    def test_a_history_that_cannot_be_read_refuses_the_patients_claims(self, tmp_path: Path) -> None:
        path = write_jsonl(tmp_path / "h.jsonl", [self.history(complete_from="soon"), self.history(patient="P2", services=[])])
        assert self.outcomes(tmp_path, path, row(), row("C2", patient__id="P2")) == {"C2": "clean"}
        (one,) = read_csv(tmp_path / "out" / "refusals.csv")
        assert one["claim"] == "C1"
        assert "complete_from" in one["message"]

    def test_a_history_of_nobody_could_be_anybodys(self, tmp_path: Path) -> None:
        path = write_jsonl(tmp_path / "h.jsonl", [self.history(), {"services": []}])
        with pytest.raises(InputError, match=r"h\.jsonl row 2: it does not say whose history it is"):
            self.outcomes(tmp_path, path, row())
        assert not (tmp_path / "out" / "claims.csv").exists()


    def test_a_service_of_nobody_among_the_lines(self, tmp_path: Path) -> None:
        rows = [row(), {**row("H", patient__id=""), "history": "true"}]
        path = write_csv(tmp_path / "c.csv", [{"history": "", **one} for one in rows])
        with pytest.raises(InputError, match=r"c\.csv row 3: it does not say whose history it is"):
            audit(policy(), [str(path)], tmp_path / "out")
        with pytest.raises(InputError, match="could be any patient's"):
            list(policy().audit([], [History(services=())]))
        with pytest.raises(InputError, match="services of a history stand among the claims"):
            cptrules.read_claims(path)


class TestCounts:
    def test_every_claim_is_judged_or_refused_and_the_rest_goes_on(self, tmp_path: Path) -> None:
        rows = [row(f"C{number}", patient__id=f"P{number % 7}") for number in range(40)]
        rows[17] = {**rows[17], "units": "many"}
        path = write_csv(tmp_path / "c.csv", rows)
        lines = path.read_text().splitlines()
        lines[30] = '"' + lines[30]
        lines.insert(5, "garbage")
        path.write_text("\n".join(lines) + "\n")
        found = audit(policy(), [str(path)], tmp_path / "out")
        assert (found.summary.judged, found.summary.refused) == (38, 3)
        refused = read_csv(tmp_path / "out" / "refusals.csv")
        assert len(read_csv(tmp_path / "out" / "claims.csv")) == 38
        assert {one["claim"] for one in refused} == {"C17", "C29", "garbage"}
        assert [one["source"] for one in refused if one["claim"] == "C17"] == ["c.csv row 20"]

    def test_several_files_of_several_kinds(self, tmp_path: Path) -> None:
        first = write_csv(tmp_path / "a.csv", [row("A", date_of_service="2026-02-01"), row("B", date_of_service="2026-02-02")])
        second = write_jsonl(tmp_path / "b.jsonl", [*as_dicts([row("D", date_of_service="2026-02-03")]), {"id": "bad"}])
        third = tmp_path / "c.json"
        third.write_text(json.dumps(as_dicts([row("E", date_of_service="2026-02-04")])))
        pq.write_table(pa.table({name: [value] for name, value in row("F", date_of_service="2026-02-05").items()}), tmp_path / "d.parquet")
        found = audit(policy(), [str(path) for path in (first, second, third, tmp_path / "d.parquet")], tmp_path / "out", options=STATED)
        assert (found.summary.judged, found.summary.refused) == (5, 1)
        over = {one["claim"]: json.loads(one["facts"])["used"] for one in read_csv(tmp_path / "out" / "findings.csv")}
        assert over == {"E": "4", "F": "5"}

    def test_files_of_one_name_and_a_file_given_twice(self, tmp_path: Path) -> None:
        paths = []
        for name in "AB":
            (tmp_path / name).mkdir()
            paths.append(str(write_csv(tmp_path / name / "c.csv", [row(name)])))
        audit(policy(), paths, tmp_path / "out")
        assert {one["source"] for one in read_csv(tmp_path / "out" / "claims.csv")} == {f"{path} row 2" for path in paths}
        with pytest.raises(InputError, match="the file is given twice"):
            audit(policy(), [paths[0], paths[0]], tmp_path / "twice")

    @pytest.mark.parametrize(
        ("content", "message"),
        [(b"", "there is nothing in it"), (b"\n \n", "there is nothing in it"), (b"hello", "no header of a table"), (b"\xff\xfea,b", "not UTF-8")],
    )
    def test_a_file_that_is_no_input(self, tmp_path: Path, content: bytes, message: str) -> None:
        (tmp_path / "c").write_bytes(content)
        with pytest.raises(InputError, match=message):
            audit(policy(), [str(tmp_path / "c")], tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_a_table_with_a_header_only(self, tmp_path: Path) -> None:
        write_csv(tmp_path / "c.csv", [row()])
        (tmp_path / "c.csv").write_text((tmp_path / "c.csv").read_text().splitlines()[0] + "\n")
        found = audit(policy(), [str(tmp_path / "c.csv")], tmp_path / "out")
        assert (found.summary.judged, found.summary.refused) == (0, 0)

    def test_a_part_of_a_parquet_file_that_is_damaged(self, tmp_path: Path) -> None:
        rows = [row(f"C{number}", charge=f"{number % 977}.00") for number in range(3000)]
        pq.write_table(pa.table({name: [one[name] for one in rows] for name in rows[0]}), tmp_path / "c.parquet", compression="zstd")
        data = bytearray((tmp_path / "c.parquet").read_bytes())
        data[60:400] = bytes(340)
        (tmp_path / "c.parquet").write_bytes(bytes(data))
        with pytest.raises(InputError, match="a part of it can't be read"):
            audit(policy(), [str(tmp_path / "c.parquet")], tmp_path / "out")
        assert [name for name in files_of(tmp_path / "out") if not name.startswith(".")] == ["audit.json"]


class TestSummary:
    def test_dollars_at_stake(self, tmp_path: Path) -> None:
        rows = [
            row("A", units="6", charge="120.00"),  # two of six units over: 40.00 reduced
            row("B", patient__id="P2", modifiers="none", charge="70.00", rendering_provider__role="PT"),  # pended
            *[row(f"V{day}", patient__id="P3", date_of_service=f"2026-01-0{day}") for day in (5, 6, 7, 8)],  # the fourth visit: 50.00 denied
            row("D", patient__id="P4", charge="", units="1"),
        ]
        rows = [{"rendering_provider.role": "PT", **one} for one in rows]
        audit(policy(), [str(write_csv(tmp_path / "c.csv", rows))], tmp_path / "out", options=STATED)
        found = {(one["by"], one["key"]): one for one in read_csv(tmp_path / "out" / "summary.csv")}
        whole = found[("all", "judged")]
        assert (whole["claims"], whole["denied"], whole["reduced"], whole["pended"], whole["at_stake"]) == ("7", "50.00", "40.00", "70.00", "160.00")
        assert (whole["charged"], whole["without_charge"]) == ("390.00", "1")
        assert found[("month", "2026-01")]["denied"] == "50.00"
        assert found[("rule", "acme.ppo units_a_day")]["reduced"] == "40.00"
        assert found[("payer", "ACME")]["at_stake"] == found[("provider", "1")]["at_stake"] == "160.00"
        assert sum(Decimal(one["at_stake"]) for (by, _), one in found.items() if by == "outcome") == Decimal("160.00")

    def test_the_page_opens_offline_and_holds_no_patient(self, tmp_path: Path) -> None:
        rows = [{**one, "patient.id": f"Secret{one['patient.id']}"} for one in a_year()]
        audit(policy(), [str(write_csv(tmp_path / "c.csv", rows))], tmp_path / "out", options=STATED)
        text = (tmp_path / "out" / "audit.html").read_text()
        assert "<svg" in text and "visits_a_year" in text and "Acme PPO" in text
        assert "Secret" not in text and "http" not in text and "<script" not in text

    def test_parquet_says_what_csv_says(self, tmp_path: Path) -> None:
        path = str(write_csv(tmp_path / "c.csv", a_year()))
        audit(policy(), [path], tmp_path / "csv", options=STATED)
        audit(policy(), [path], tmp_path / "pq", options=Options(complete=STATED.complete, form="parquet"))
        for name in ("claims", "findings", "refusals", "summary"):
            rows = pq.read_table(tmp_path / "pq" / f"{name}.parquet").to_pylist()
            assert [{key: "" if value is None else str(value) for key, value in one.items()} for one in rows] == [
                {key: value if value != "0" or key not in ("denied", "reduced", "pended") else "0.00" for key, value in one.items()}
                for one in read_csv(tmp_path / "csv" / f"{name}.csv")
            ]


class TestSample:
    def drawn(self, tmp_path: Path, name: str, wanted: int, seed: int, rows: list[dict[str, Any]]) -> list[dict[str, str]]:
        path = write_csv(tmp_path / f"{name}.csv", rows)
        audit(policy(), [str(path)], tmp_path / name, options=Options(complete=STATED.complete, sample=wanted, seed=seed))
        return [{key: value for key, value in one.items() if key != "source"} for one in read_csv(tmp_path / name / "sample.csv")]

    def test_the_same_seed_draws_the_same_and_every_stratum_is_met(self, tmp_path: Path) -> None:
        rows = a_year(20)
        found = self.drawn(tmp_path, "a", 12, 1, rows)
        findings = read_csv(tmp_path / "a" / "findings.csv")
        assert len(found) == 12
        assert {(one["provider"], one["rule"]) for one in found} == {(one["provider"], one["rule"]) for one in findings}
        assert self.drawn(tmp_path, "b", 12, 1, list(reversed(rows))) == found
        assert self.drawn(tmp_path, "c", 12, 2, rows) != found
        assert all("as billed" in one["record_must_show"] for one in found)
        assert any("It was repeated" in self_["record_must_show"] for self_ in self.drawn(tmp_path, "d", 200, 1, rows))

    def test_a_small_file_gives_all_its_findings(self, tmp_path: Path) -> None:
        rows = a_year(3)
        assert len(self.drawn(tmp_path, "a", 500, 1, rows)) == len(read_csv(tmp_path / "a" / "findings.csv"))

    @given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(1, 60))
    def test_shares(self, sizes: list[int], wanted: int) -> None:
        strata = Strata(wanted, 0)
        for number, size in enumerate(sizes):
            one = dict.fromkeys(("provider", "policy", "patient", "claim", "claim_kind", "source", "code", "date_of_service", "charge", "outcome",
                                 "message", "citation", "to_show"))  # fmt: skip
            strata.add({**one, "kind": "finding", "rule": f"r{number}", "line": line} for line in range(size))
        found = list(strata.rows())
        assert len(found) == min(wanted, sum(sizes))
        given_ = [sum(one["rule"] == f"r{number}" for one in found) for number in range(len(sizes))]
        assert all(share <= size for share, size in zip(given_, sizes, strict=True))
        assert wanted < len(sizes) or all(given_)


# ---- stopping and going on ---------------------------------------------------------------------------------------


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "LINES_A_PART", 2)


def runs(folder: Path, claims: Path, out: Path, *more: str) -> list[str]:
    """The command as a process of its own, with parts of a few lines."""
    code = "import cptrules.audit.partition as p; p.LINES_A_PART = 4; from cptrules.cli import main; main()"
    return [sys.executable, "-c", code, "audit", str(folder / "acme.policy"), "--claims", str(claims), "--out", str(out), "--complete-from",
            "2026-01-01", "--sample", "5", *more]  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("audit")
    policy_file(folder)
    claims = write_csv(folder / "c.csv", a_year(15))
    subprocess.run(runs(folder, claims, folder / "whole"), check=True, capture_output=True)
    return folder, claims, files_of(folder / "whole")


class TestStopped:
    @pytest.mark.parametrize("seed", range(3))
    def test_killed_at_any_moment_and_resumed_it_gives_the_same_files(self, undisturbed: tuple[Path, Path, dict[str, bytes]], tmp_path: Path,
                                                                      seed: int) -> None:  # fmt: skip
        folder, claims, wanted = undisturbed
        rng, more = random.Random(seed), ["--workers", "2"] if seed % 2 else []
        out, finished = tmp_path / "out", set(wanted)
        for _ in range(2):
            process = subprocess.Popen(runs(folder, claims, out, *more), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
            killed = False
            try:
                process.wait(rng.uniform(0.2, 1.6))
            except subprocess.TimeoutExpired:
                killed = True
                os.kill(process.pid, signal.SIGKILL)
            _, error = process.communicate()
            # Of a process that was killed while it started another, that one's interpreter may still print what it misses.
            assert b"Traceback" not in error or (killed and b"from_parent" in error)
            final = {name: data for name, data in files_of(out).items() if not name.startswith(".") and name != "audit.json"} if out.exists() else {}
            assert all(data == wanted[name] for name, data in final.items())  # what has a final name is whole
            assert set(final) <= finished
        done = subprocess.run(runs(folder, claims, out, *more), capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert files_of(out) == wanted

    def test_killed_at_every_rename_and_resumed_it_gives_the_same_files(self, tmp_path: Path, small_parts: None,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
        claims = write_csv(tmp_path / "c.csv", a_year(3, 4))
        audit(policy(), [str(claims)], tmp_path / "whole", options=STATED)
        wanted, moments = files_of(tmp_path / "whole"), 0

        class Killed(BaseException):
            pass

        def dying(work: Callable[..., None], left: list[int]) -> Callable[..., None]:
            def renamed(*places: Any) -> None:
                left[0] -= 1
                if left[0] < 0:
                    raise Killed
                work(*places)

            return renamed

        while moments < 200:
            left = [moments]
            with monkeypatch.context() as patched:
                patched.setattr(os, "rename", dying(os.rename, left))
                patched.setattr(os, "replace", dying(os.replace, left))
                try:
                    audit(policy(), [str(claims)], tmp_path / f"out{moments}", options=STATED)
                    break
                except Killed:
                    pass
            audit(policy(), [str(claims)], tmp_path / f"out{moments}", options=STATED)
            assert files_of(tmp_path / f"out{moments}") == wanted
            moments += 1
        assert moments > 10

    def test_a_worker_that_dies(self, undisturbed: tuple[Path, Path, dict[str, bytes]], tmp_path: Path) -> None:
        folder, claims, wanted = undisturbed
        process = subprocess.Popen(runs(folder, claims, tmp_path / "out", "--workers", "2"), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        while process.poll() is None and not (killed := _kill_a_worker(process.pid)):
            time.sleep(0.02)
        _, error = process.communicate(timeout=120)  # once it waited without end for a process that had just been started
        assert killed
        assert process.returncode == 2
        assert b"a process was ended from outside" in error and b"run the same command again" in error and b"Traceback" not in error
        assert not (tmp_path / "out" / "claims.csv").exists()
        subprocess.run(runs(folder, claims, tmp_path / "out", "--workers", "2"), check=True, capture_output=True)
        assert files_of(tmp_path / "out") == wanted

    def test_a_worker_that_dies_before_it_has_taken_its_work(self, tmp_path: Path) -> None:
        claims = write_csv(tmp_path / "c.csv", a_year(15))
        command = runs(tmp_path, claims, tmp_path / "out", "--workers", "2")
        command[4] = "medicare.part_b.outpatient_therapy"  # larger than what a pipe holds
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        while process.poll() is None and not _kill_a_worker(process.pid):
            pass
        _, error = process.communicate(timeout=60)
        assert process.returncode == 2
        assert b"a process was ended from outside" in error and b"Traceback" not in error

    def test_a_full_disk(self, undisturbed: tuple[Path, Path, dict[str, bytes]], tmp_path: Path) -> None:
        folder, claims, wanted = undisturbed
        for room in (1_000, max(map(len, wanted.values())) - 1):
            out = tmp_path / f"out{room}"
            done = subprocess.run(runs(folder, claims, out), capture_output=True, text=True,
                                  preexec_fn=lambda room=room: resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY)))  # fmt: skip
            assert done.returncode == 2
            assert "there is no room left to write; make room and run the same command again" in done.stderr
            assert "Traceback" not in done.stderr
            kept = {name: data for name, data in files_of(out).items() if not name.startswith(".") and name != "audit.json"}
            assert all(data == wanted[name] for name, data in kept.items())
            assert not [name for name in files_of(out) if name.endswith(".tmp") and not name.startswith(".work")]
            subprocess.run(runs(folder, claims, out), check=True, capture_output=True)
            assert files_of(out) == wanted

    def test_finished_it_says_so_and_judges_nothing_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = str(write_csv(tmp_path / "c.csv", [row()]))
        first = audit(policy(), [path], tmp_path / "out")
        monkeypatch.setattr(run.Job, "part", None)
        second = audit(policy(), [path], tmp_path / "out")
        assert second.summary == first.summary
        assert "finished before" in second.notes[0]

    def test_other_input_policies_or_options_are_refused_unless_restarted(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "c.csv", [row()])
        audit(policy(), [str(path)], tmp_path / "out")
        write_csv(path, [row(), row("C2")])
        with pytest.raises(InputError, match=r"an audit of something else.*What differs: files.c.csv 0"):
            audit(policy(), [str(path)], tmp_path / "out")
        with pytest.raises(InputError, match=r"options\.complete_from"):
            audit(policy(), [str(path)], tmp_path / "out", options=STATED)
        other = judging.policy("limit visits { count visits of PT per calendar_year  at most 9  outcome deny  cite manual }")
        with pytest.raises(InputError, match="policies"):
            audit(other, [str(path)], tmp_path / "out")
        assert audit(other, [str(path)], tmp_path / "out", options=Options(restart=True)).summary.judged == 2

    def test_a_table_of_a_policy_that_changed_is_another_policy(self) -> None:
        from cptrules.audit.fingerprint import of_policies

        rule = 'table most from "most.csv" keys code values units\n'
        rule += "limit most { count units per day and code  at most most  outcome deny  cite manual }"
        one, same, other = (judging.policy(rule, files={"most.csv": f"code,units\n97110,{units}\n"}) for units in (2, 2, 3))
        assert of_policies(one) == of_policies(same) != of_policies(other)

    def test_a_part_that_was_damaged_is_made_again(self, tmp_path: Path, small_parts: None, monkeypatch: pytest.MonkeyPatch) -> None:
        path = str(write_csv(tmp_path / "c.csv", a_year(3, 4)))
        audit(policy(), [path], tmp_path / "whole", options=STATED)
        with monkeypatch.context() as patched:
            patched.setattr(run, "_joined", lambda *told: (_ for _ in ()).throw(AuditStopped("stopped")))
            with pytest.raises(AuditStopped):
                audit(policy(), [path], tmp_path / "out", options=STATED)
        victim = next(one for one in sorted((tmp_path / "out" / ".work" / "parts").glob("*/findings.csv")) if one.stat().st_size)
        victim.write_bytes(victim.read_bytes()[:-5])
        with pytest.raises(InputError, match="was damaged; run the same command again"):
            audit(policy(), [path], tmp_path / "out", options=STATED)
        assert not (tmp_path / "out" / "claims.csv").exists()
        audit(policy(), [path], tmp_path / "out", options=STATED)
        assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")

    def test_records_that_were_damaged_on_the_disk(self, tmp_path: Path, small_parts: None, monkeypatch: pytest.MonkeyPatch) -> None:
        path = str(write_csv(tmp_path / "c.csv", a_year(3, 4)))
        with monkeypatch.context() as patched:
            patched.setattr(run, "_judge", lambda *told: (_ for _ in ()).throw(AuditStopped("stopped")))
            with pytest.raises(AuditStopped):
                audit(policy(), [path], tmp_path / "out", options=STATED)
        victim = sorted((tmp_path / "out" / ".work" / "records").glob("*.records"))[0]
        victim.write_bytes(victim.read_bytes()[:-1])
        with pytest.raises(InputError, match="run again with --restart"):
            audit(policy(), [path], tmp_path / "out", options=STATED)

    def test_two_audits_in_one_folder(self, tmp_path: Path) -> None:
        from cptrules.audit.work import alone

        path = str(write_csv(tmp_path / "c.csv", [row()]))
        (tmp_path / "out").mkdir()
        with alone(tmp_path / "out"), pytest.raises(InputError, match="another audit is at work"):
            audit(policy(), [path], tmp_path / "out")


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]
    except OSError:
        return []


def _kill_a_worker(pid: int) -> bool:
    for child in _children(pid):
        try:
            worker = b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
        except OSError:
            continue
        if worker:
            os.kill(child, signal.SIGKILL)
            return True
    return False


# ---- in Python ---------------------------------------------------------------------------------------------------


class TestInPython:
    def test_reports_of_claims_beside_each_other(self) -> None:
        rows = a_year()
        claims = [Claim.from_dict(one) for one in as_dicts([{**one, "modifiers": one["modifiers"].removeprefix("none")} for one in rows])]
        found = [
            (str(report.claim.id), str(number), finding.rule, finding.outcome, finding.message)
            for report in policy().audit(claims, complete_from=SINCE) for finding in report.findings for number in finding.lines
        ]  # fmt: skip
        assert sorted(found) == checked(rows)

    def test_what_is_refused_is_never_lost(self) -> None:
        good, bad = Claim.from_dict(as_dicts([row("A")])[0]), Claim(lines=(), id="B")
        seen = []
        with pytest.raises(InputError, match=r"claims\[1\]: lines: a claim has at least one line"):
            for report in policy().audit([good, bad]):
                seen.append(report.claim.id)
        assert seen == ["A"]
        refused: list[Any] = []
        assert [report.claim.id for report in policy().audit([bad, good], refused=refused)] == ["A"]
        assert [one.claim for one in refused] == ["B"]

    def test_a_table_in_and_a_table_out(self, tmp_path: Path) -> None:
        rows = a_year()
        table = pa.table({name: [one[name] for one in rows] for name in rows[0]})
        found = policy().audit_table(table, complete_from=SINCE)
        assert sorted(
            (one["claim"], str(one["line"]), one["rule"], one["outcome"], one["message"]) for one in found.to_pylist() if one["kind"] == "finding"
        ) == checked(rows)
        audit(policy(), [str(write_csv(tmp_path / "c.csv", rows))], tmp_path / "out", options=Options(complete=STATED.complete, form="parquet"))
        for kind, name in (("claim", "claims"), ("finding", "findings")):
            local = pq.read_table(tmp_path / "out" / f"{name}.parquet").drop_columns("source")
            mine = [one for one in found.select(["kind", *local.schema.names]).to_pylist() if one.pop("kind") == kind]
            assert sorted(mine, key=repr) == sorted(local.to_pylist(), key=repr)

    def test_batches_carry_an_unfinished_patient_over(self) -> None:
        from cptrules.audit.results import Judge
        from cptrules.audit.tables import audited

        rows = sorted(a_year(), key=lambda one: (one["patient.id"], one["date_of_service"], one["claim"], one["number"]))
        table = pa.table({name: [one[name] for one in rows] for name in rows[0]})
        judge = Judge(policy(), Completeness(SINCE))
        whole = policy().audit_table(table, complete_from=SINCE).drop_columns("source").to_pylist()
        for size in (1, 3, 1000):
            parts = audited(judge, table.to_batches(max_chunksize=size))
            assert sorted((one for part in parts for one in part.drop_columns("source").to_pylist()), key=repr) == sorted(whole, key=repr)
        with pytest.raises(InputError, match="not sorted by patient"):
            list(audited(judge, table.take(list(reversed(range(len(rows))))).to_batches()))

    def test_services_beside_lines_in_one_table(self) -> None:
        rows = [{**row(f"H{day}", date_of_service=f"2026-01-0{day}"), "history": "true"} for day in (5, 6, 7)] + [{**row(), "history": "false"}]
        table = pa.table({name: [one[name] for one in rows] for name in rows[0]})
        found = policy().audit_table(table, complete_from=SINCE).to_pylist()
        assert [(one["kind"], one["claim"], one["outcome"]) for one in found] == [("claim", "C1", "deny"), ("finding", "C1", "deny")]


def test_pyarrow_is_asked_for_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "c.parquet").write_bytes(b"PAR1....PAR1")
    with pytest.raises(InputError, match=r"pip install 'cptrules\[arrow\]'"):
        cptrules.read_claims(tmp_path / "c.parquet")
    with pytest.raises(InputError, match=r"pip install 'cptrules\[arrow\]'"):
        audit(policy(), [str(write_csv(tmp_path / "c.csv", [row()]))], tmp_path / "out", options=Options(form="parquet"))
    assert audit(policy(), [str(tmp_path / "c.csv")], tmp_path / "out").summary.judged == 1
