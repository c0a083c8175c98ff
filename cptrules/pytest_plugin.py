"""The tests of policy files as pytest items: `pytest policies/` runs them, `--policy-cov` says what they have tried.

pytest imports this wherever cptrules is installed, so that it imports nothing else until a policy file is collected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from .coverage import Coverage
    from .examples import Example
    from .loading import Loaded, PolicyFile
    from .policy import Policy

_HEAD: Final = re.compile(rb"^(?:policy|library)[ \t]+[a-z]", re.MULTILINE)
_SENT: Final = "cptrules_coverage"
_COVERED: Final = pytest.StashKey["dict[tuple[str, str], Coverage]"]()  # by path and policy


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--policy-cov`."""
    group = parser.getgroup("cptrules", "policy files (cptrules)")
    told = "say which rules, clauses, limits and dates of the policy files collected were tried from both sides"
    group.addoption("--policy-cov", action="store_true", default=False, help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing tried."""
    config.stash[_COVERED] = {}


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a policy file; a file of another make that is called `.policy` too is left alone, unless it was named."""
    if file_path.suffix != ".policy":
        return None
    if not (parent.session.isinitpath(file_path) or _HEAD.search(file_path.read_bytes())):
        return None
    found: pytest.Collector = PolicyTests.from_parent(parent, path=file_path)
    return found


class PolicyTests(pytest.File):
    """A policy file and its tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """Give each test and each variant; a mistake in the file is shown as `cptrules lint` shows it."""
        from .examples import examples

        loaded, file = self._loaded()
        policy = next((policy for policy in loaded.policies if policy.name == file.name), None)
        cases = examples(file, policy) if policy is not None else []
        self._refuse_mistakes(loaded, file)
        for case in cases:
            assert policy is not None
            name = " > ".join(case.names).replace("::", ":")
            yield PolicyTest.from_parent(self, name=name, file=file, policy=policy, case=case)

    def _loaded(self) -> tuple[Loaded, PolicyFile]:
        """The file by itself; where that leaves names unknown, with the folders of the command line, as `cptrules test` has it."""
        from .loading import read

        path = str(self.path)
        for names in ([path], [path, *self._folders()]):
            loaded = read(names)
            file = next((one for one in loaded.files if Path(one.path).resolve() == self.path.resolve()), None)
            if file is not None and not _errors(loaded, file):
                return loaded, file
        if file is None:
            raise self.CollectError(_shown(loaded, None))
        return loaded, file

    def _folders(self) -> list[str]:
        """The folders named to pytest that hold the file."""
        config = self.config
        named = [Path(config.invocation_params.dir, arg.split("::")[0]) for arg in config.args]
        return [str(folder) for folder in named if folder.is_dir() and folder.resolve() in self.path.resolve().parents]

    def _refuse_mistakes(self, loaded: Loaded, file: PolicyFile) -> None:
        if _errors(loaded, file) or (file.name not in {policy.name for policy in loaded.policies} and file.tests()):
            raise self.CollectError(_shown(loaded, file))


def _errors(loaded: Loaded, file: PolicyFile) -> list[Any]:
    """The mistakes of a file, those of its tests included."""
    every = [*loaded.diagnostics, *file.scope.diagnostics]
    return [one for one in dict.fromkeys(every) if one.severity == "error" and one.path == file.path]


def _shown(loaded: Loaded, file: PolicyFile | None) -> str:
    from .checking import shown
    from .diagnostics import in_order

    own = _errors(loaded, file) if file is not None else []
    return shown(loaded, in_order(own or [one for one in loaded.diagnostics if one.severity == "error"]))


class Failed(Exception):
    """A case of a policy file did not come out as expected; the text says how."""


class PolicyTest(pytest.Item):
    """One test of a policy file, or a variant of it."""

    def __init__(self, *, file: PolicyFile, policy: Policy, case: Example, **more: Any) -> None:
        super().__init__(**more)
        self._file, self._policy, self._case = file, policy, case
        self.extra_keyword_matches.add(re.sub(r"\W+", "_", self.name))  # `-k` takes words without blanks

    def runtest(self) -> None:
        """Judge the case; raises Failed with what `cptrules test` shows."""
        from .trial import run
        from .trial_text import failure_text

        report, failure = run(self._file, self._policy, self._case)
        if self.config.getoption("policy_cov"):
            self._cover(report)
        if failure is not None:
            raise Failed(failure_text(failure))

    def _cover(self, report: Any) -> None:
        from .coverage import coverage, tried

        covered, key, case = self.config.stash[_COVERED], (str(self.path), self._policy.name), self._case
        known = covered.get(key) or coverage(self._policy)
        covered[key] = known.add(tried(self._policy, case.claim, case.history, case.session, report))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Show a failure as `cptrules test` does."""
        from .errors import CptrulesError

        return str(excinfo.value) if isinstance(excinfo.value, Failed | CptrulesError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file, the line of the test (from 0) and its name."""
        return self.path, self._case.line - 1, self.name


# ---- coverage ----------------------------------------------------------------------------------------------------


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist sends what it has tried to the session that prints."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        covered = session.config.stash[_COVERED]
        output[_SENT] = [[*key, [list(point) for point in _plain(found)], found.to_list()] for key, found in covered.items()]


def _plain(found: Coverage) -> Iterable[tuple[str, str, str]]:
    return ((point.kind, point.rule, point.text) for point in found.points)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker of xdist has tried."""
    from .coverage import Coverage, Point

    covered = node.config.stash[_COVERED]
    for path, name, points, seen in getattr(node, "workeroutput", {}).get(_SENT, ()):
        known = covered.get((path, name)) or Coverage(name, tuple(Point(*point) for point in points))
        covered[path, name] = known.of_list(seen)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was tried of each policy."""
    if config.getoption("policy_cov"):
        from .coverage_text import coverage_text

        terminalreporter.section("policy coverage")
        for _, found in sorted(config.stash[_COVERED].items()):
            terminalreporter.line(coverage_text(found))
