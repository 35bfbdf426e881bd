"""The pipelines' filters are what each deployable is made of: no file less, none more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy import build, closure
from deploy.errors import DeployError
from tests.toy import Toy

ROOT = Path(__file__).resolve().parents[3]
FILTERS = closure.filters(ROOT)


def started(*changed: str) -> set[str]:
    """The pipelines that a push of changes to these files starts."""
    return {
        name
        for name, found in FILTERS.items()
        if any(closure.matches(pattern, file) for pattern in found for file in changed)
    }


def test_the_committed_filters_miss_nothing_and_take_nothing_in_vain() -> None:
    closure.check(ROOT)
    assert set(FILTERS) == set(build.deployables(ROOT))


@pytest.mark.parametrize(
    ("changed", "pipelines"),
    [
        ("services/api/src/wotr_api/store.py", {"api"}),
        ("services/api/openapi.json", {"api"}),
        ("services/api/stages.yml", {"api"}),
        ("services/workers/Dockerfile", {"workers"}),
        ("services/auth/requirements.lock", {"auth"}),
        ("services/api/README.md", set()),
        ("notes/decisions.md", set()),
        ("README.md", set()),
        ("tools/parts.py", set()),
        ("infra/local/src/localcloud/server.py", set()),
        ("pipeline/e2e/test_workouts.py", set()),
        ("infra/rds-demo.yml", set()),
        ("infra/data.yml", {"data"}),
        ("infra/stages/network.yml", {"network"}),
        ("shared/src/wotr_common/keys.py", {"shared"}),
        ("shared/releases.lock", {"shared"}),
        ("infra/tests/conftest.py", {"audit", "data", "network", "platform"}),
        ("buildspec.yml", set(FILTERS)),
        ("pipeline/deploy/packages.py", set(FILTERS)),
    ],
)
def test_a_change_starts_the_pipelines_of_what_is_made_of_it(changed: str, pipelines: set[str]) -> None:
    assert started(changed) == pipelines


# Runs in a process of its own, because an audit hook stays for good.
_READ = """
import sys
from pathlib import Path
from deploy import packages, stages, templates
root, stack = Path(sys.argv[1]), sys.argv[2]
chosen = next(each for each in templates.discover(root) if each.stack == stack)
seen = set()
def note(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes, Path)):
        path = Path(str(arguments[0]))
        if path.is_absolute() and path.is_relative_to(root):
            seen.add(path.relative_to(root).as_posix())
sys.addaudithook(note)
packages.build([templates.load(chosen.path, root)], packages.HOST, root)
for stage in stages.STAGES:
    stages.values(chosen, stage)
print("\\n".join(sorted(seen)))
"""


@pytest.mark.parametrize("stack", ["hello", "borrower"])
def test_what_a_build_really_reads_is_in_the_closure(toy: Toy, stack: str) -> None:
    """Not what the derivation believes: every file that Python opens while a package is made."""
    code = "CodeUri: ../services/hello/src"
    borrowed = (toy.root / "services/hello/template.yml").read_text().replace("CodeUri: .", code)
    toy.write("infra/borrower.yml", borrowed)
    toy.replace("infra/borrower.yml", "Handler: wotr_hello", f"{code}\n      Handler: wotr_hello")
    toy.write("infra/stages/borrower.yml", "dev: {}\n")
    subprocess.run(["git", "init", "-q"], cwd=toy.root, check=True)
    (toy.root / ".gitignore").write_text("/dist/\n")
    done = subprocess.run(
        [sys.executable, "-c", _READ, toy.root, stack], capture_output=True, text=True, check=True
    )
    files = closure.places(toy.root)
    read = {name for name in done.stdout.split() if name in files}
    # the library comes as the wheel of a published version; its sources stand for it only where that is new
    read = {name for name in read if not name.startswith("shared/")}
    assert "services/hello/src/wotr_hello/handlers/greet.py" in read
    assert read - closure.made_of(toy.root, stack, files) == set()


def test_filters_that_miss_a_file_or_take_one_in_vain_are_named() -> None:
    files = closure.places(ROOT)
    wanted = closure.made_of(ROOT, "api", files)
    found = FILTERS["api"]
    assert closure.differences("api", found, wanted, files) == []
    without = [pattern for pattern in found if pattern != "services/api/*.lock"]
    (*_, said) = closure.differences("api", without, wanted, files)
    assert said == "api is made of services/api/requirements.lock, and no filter takes it"
    assert found[0] == "buildspec.yml"
    (_, said) = closure.differences("api", ["noxfile.py", *found], wanted, files)
    assert said == "api is not made of noxfile.py, and a filter takes it"
    (said,) = closure.differences("api", [*found, *found], wanted, files)
    assert said == "api has 16 patterns, and 8 are the most"


def test_patterns_are_as_wide_as_they_may_be() -> None:
    files = ["a/x.py", "a/b/y.py", "c/one.yml", "c/two.yml", "c/note.md", "top.yml"]
    assert closure.patterns({"a/x.py", "a/b/y.py"}, files) == ["a/**"]
    assert closure.patterns({"c/one.yml", "c/two.yml", "top.yml"}, files) == ["c/*.yml", "top.yml"]
    with pytest.raises(DeployError, match="9 patterns are needed, and 8 are the most"):
        closure.patterns({f"{n}.py" for n in range(9)}, [f"{n}.py" for n in range(18)])


@pytest.mark.parametrize(
    ("pattern", "name", "taken"),
    [
        ("a/*.py", "a/b.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("a/**", "a/b/c.py", True),
        ("a/**", "ab/c.py", False),
        ("a.py", "axpy", False),
    ],
)
def test_globs_are_read_as_codepipeline_reads_them(pattern: str, name: str, taken: bool) -> None:
    assert closure.matches(pattern, name) is taken
