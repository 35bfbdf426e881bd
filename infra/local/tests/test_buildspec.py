"""What a buildspec may say, and that anything else is refused by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localcloud.builds import buildspec, matching
from localcloud.builds.buildspec import Cache, Files, Malformed, Phase, Report

BUILD = {"commands": ["make"]}


def spec(**said: Any) -> dict[str, Any]:
    return {"version": "0.2", "phases": {"build": BUILD}} | said


def test_all_that_is_done_is_read() -> None:
    said = spec(
        env={
            "shell": "bash",
            "variables": {"A": "1"},
            "parameter-store": {"B": "/b"},
            "secrets-manager": {"C": "secret:key"},
            "exported-variables": ["A"],
        },
        phases={
            "install": {"runtime-versions": {"python": "3.13"}, "commands": ["get"]},
            "build": {"commands": ["make"], "finally": ["tidy"], "on-failure": "CONTINUE"},
        },
        reports={"tests": {"files": ["*.xml"], "base-directory": "out", "file-format": "COBERTURAXML"}},
        artifacts={
            "files": ["**/*"],
            "discard-paths": "yes",
            "secondary-artifacts": {"more": {"files": ["x"]}},
        },
        cache={"paths": [".cache/**/*"], "key": "k", "fallback-keys": ["j"], "action": "restore"},
    )
    read = buildspec.read(said)
    assert (read.shell, read.exported, read.runtimes) == ("bash", ("A",), {"python": "3.13"})
    assert (read.variables, read.parameters, read.secrets) == ({"A": "1"}, {"B": "/b"}, {"C": "secret:key"})
    assert read.phases["build"] == Phase(("make",), ("tidy",), "CONTINUE")
    assert read.reports == (Report("tests", Files(("*.xml",), base="out"), "COBERTURAXML"),)
    assert read.artifacts == Files(("**/*",), discard_paths=True)
    assert read.secondary_artifacts == {"more": Files(("x",))}
    assert read.cache == Cache((".cache/**/*",), "k", ("j",), restores=True, saves=False)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        (spec(version="0.1"), "version '0.1'"),
        (spec(**{"run-as": "root"}), "run-as is not done"),
        (spec(proxy={"logs": "no"}), "proxy is not done"),
        (spec(batch={}), "batch is not done"),
        (spec(env={"git-credential-helper": "yes"}), "env.git-credential-helper is not done"),
        (spec(env={"shell": "powershell.exe"}), "env.shell 'powershell.exe'"),
        (spec(env={"variables": {"CODEBUILD_X": "1"}}), "env.variables.CODEBUILD_X"),
        (spec(env={"variables": {"A B": "1"}}), "'A B'"),
        (spec(phases={}), "phases: there is none"),
        (spec(phases={"test": BUILD}), "phases.test is not done"),
        (spec(phases={"build": BUILD | {"run-as": "root"}}), "phases.build.run-as is not done"),
        (spec(phases={"build": BUILD | {"on-failure": "RETRY-2"}}), "phases.build.on-failure 'RETRY-2'"),
        (spec(phases={"build": {"commands": "make"}}), "phases.build.commands: a sequence"),
        (spec(phases={"build": {"finally": ["x"]}}), "phases.build.commands: there is none"),
        (
            spec(phases={"install": {"runtime-versions": {"nodejs": "20"}}}),
            "runtime-versions.nodejs is not done",
        ),
        (spec(reports={"r": {"files": ["x"], "file-format": "CUCUMBERJSON"}}), "file-format 'CUCUMBERJSON'"),
        (spec(artifacts={"files": ["x"], "enable-symlinks": "yes"}), "artifacts.enable-symlinks is not done"),
        (spec(artifacts={"files": ["x"], "s3-prefix": "p"}), "artifacts.s3-prefix is not done"),
        (spec(artifacts={"files": ["x"], "discard-paths": "maybe"}), "artifacts.discard-paths 'maybe'"),
        (spec(artifacts={"name": "x"}), "artifacts.files: there is none"),
        (spec(cache={"paths": ["/cache/**/*"]}), "cache.paths '/cache/**/*'"),
        (spec(cache={"paths": ["x"], "fallback-keys": ["k"]}), "cache.fallback-keys"),
        ("text", "a mapping is expected"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_done_is_named(said: Any, named: str) -> None:
    with pytest.raises(Malformed) as refused:
        buildspec.read(said)
    assert named in str(refused.value)


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["**/*"], ["a.txt", "x/b.txt", "x/y/c.py"]),
        (["*"], ["a.txt"]),
        (["x/*"], ["x/b.txt"]),
        (["x/**"], ["x/b.txt", "x/y/c.py"]),
        (["x/**/*.py"], ["x/y/c.py"]),
        (["**/?.txt", "./a.txt"], ["a.txt", "x/b.txt"]),
        (["x"], []),
        (["z/*"], []),
    ],
)
def test_patterns_find_files(tmp_path: Path, patterns: list[str], found: list[str]) -> None:
    for path in ("a.txt", "x/b.txt", "x/y/c.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert matching.matched(tmp_path, patterns) == found
    assert matching.matched(tmp_path, patterns, exclude=["**/*"]) == []
