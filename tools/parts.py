"""The parts that need no running cloud: style, layout, types, templates, and the tools beside them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from pathlib import Path

from tools import cloud, contracts, environments, house, leaks, licences, locks, projects
from tools.projects import Project
from tools.shell import ROOT, Command, Failed, capture, run, told, tracked

AT_ONCE = 2
# what mypy checks together in a project that is not laid out as src and tests
TARGETS = {
    "pipeline": [
        ["deploy", "delivery", "checks", "privileges", "stage_client", "postgres_server", "tests"],
        ["e2e"],
        ["faults"],
        ["scenario"],
    ],
    "scripts": [["."]],
    "infra": [["tests"]],
    "tools": [["tools", "noxfile.py"]],
}
# benchmarks that need no stage, with what they import; each has a tool set of its name
WITHOUT_A_STAGE = {"readers": ["scripts", "shared/src", "services/workers/src"]}
BARE = {"e2e", "faults", "scenario"}  # whose modules import each other by their bare names
RULES = "tools/template_rules"
# the last release of cfn-nag as an image; it has no package for Python
PLAIN = "dist/templates"
PIPELINES = ("pipeline/bootstrap.yml", "pipeline/service-pipeline.yml")
CFN_NAG = "stelligent/cfn_nag:0.8.10"


def lint(arguments: Sequence[str]) -> None:
    """Check style, layout contracts, house rules, locks, secrets; ``--fix`` mends what ruff can.

    Where projects are named, style and secrets are looked for in their folders; the rest takes no time.
    """
    _all("lint", _of_code(arguments))


def _of_code(arguments: Sequence[str]) -> dict[str, Callable[[], None]]:
    ruff: Command = [environments.tool("lint"), "-m", "ruff"]
    fix = "--fix" in arguments
    names = [word for word in arguments if word != "--fix"]
    places = [project.directory.relative_to(ROOT) for project in projects.select(names)] if names else []
    return {
        "ruff check": lambda: told([*ruff, "check", "--quiet", *(["--fix"] if fix else []), *places]),
        "ruff format": lambda: told(
            [*ruff, "format", "--quiet", *([] if fix else ["--check", "--diff"]), *places]
        ),
        "layout contracts": lambda: contracts.check(environments.tool("lint")),
        "house rules": lambda: _no_findings(house.findings(ROOT)),
        "locks": locks.check,
        "secrets": lambda: leaks.check(environments.tool("lint"), tracked(*map(str, places))),
    }


def types(names: Sequence[str]) -> None:
    """Check types project by project: their tests have the same module names, so they never share a run."""
    python = environments.tool("types")
    chosen = projects.select(names)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda project: _mypy(python, project), chosen))
    failed = [project.name for project, ok in zip(chosen, results, strict=True) if not ok]
    if failed:
        raise Failed(f"types do not fit in {', '.join(failed)}")


def templates(arguments: Sequence[str]) -> None:
    """Check the templates: cfn-lint with our rules, checkov, the stack graph, generated documents.

    Where deployables are named, their templates are checked, and that they fit with the others.
    """
    _all("templates", _of_templates(arguments))


def static(arguments: Sequence[str]) -> None:
    """Check what ``lint`` and ``templates`` do, for a build: neither waits for the other's longest check."""
    _all("static", _of_templates(arguments) | _of_code(arguments))


def _of_templates(arguments: Sequence[str]) -> dict[str, Callable[[], None]]:
    checks = {
        **_scanners(arguments),
        "deploy graph": lambda: cloud.deploy(["check"]),
        "released library": lambda: cloud.deploy(["check-common"]),
    }
    if not arguments:
        checks |= {
            "filters": lambda: cloud.deploy(["filters", "--check"]),
            "outputs note": lambda: cloud.deploy(["outputs", "--check"]),
            "events note": lambda: cloud.deploy(["events", "--check"]),
            "IAM review": lambda: cloud.pipeline(
                ["-m", "privileges", "check"], problem="the review of roles is stale: see above"
            ),
            "OpenAPI document": lambda: openapi("--check"),
            "licences": licences.check,
        }
    return checks


def _scanners(names: Sequence[str]) -> dict[str, Callable[[], None]]:
    """Return the checks of single templates; none for a deployable that has no template."""
    files = [path.relative_to(ROOT) for path in template_files(names)]
    if not files:
        return {}
    python = environments.tool("templates")
    # E3724: SAM takes AutoPublishAliasAllProperties in Globals, cfn-lint 1.58 does not know it there
    options = ["--ignore-checks", "E3724", "--append-rules", RULES]
    lint_command: Command = [python.parent / "cfn-lint", *options, "--", *files]
    checkov: Command = [python.parent / "checkov", "--config-file", "tools/checkov.yaml", "--file", *files]
    return {
        "checkov": lambda: told(checkov),  # the longest first
        "cfn-lint": lambda: told(lint_command, env=environments.search_path([ROOT])),
    }


def nag(_arguments: Sequence[str]) -> None:
    """Run cfn-nag over the templates in Docker; where there is no Docker engine, say so and succeed.

    It reads the templates as they are deployed: its parser refuses the aliases of YAML.
    """
    docker = shutil.which("docker")
    if docker is None or capture([docker, "info"])[0] != 0:
        print("nag: not run. cfn-nag comes as a Docker image, and there is no Docker engine here.")
        return
    shutil.rmtree(ROOT / PLAIN, ignore_errors=True)
    cloud.deploy(["plain", PLAIN])
    files = sorted(path.relative_to(ROOT) for path in (ROOT / PLAIN).glob("*.json"))
    mounted = ["--rm", "--network", "none", "--volume", f"{ROOT}:/project:ro", "--workdir", "/project"]
    options = ["--fail-on-warnings", "--deny-list-path", "tools/cfn_nag.yaml"]
    run([docker, "run", *mounted, "--entrypoint", "cfn_nag", CFN_NAG, *options, *files])


def openapi(*arguments: str) -> None:
    """Write what is made from the API's routes, document and limits; with ``--check`` only compare."""
    (api,) = projects.select(["api"])
    python = environments.python(api.name, api.lock)
    for made in ("openapi", "pacing"):
        run([python, "-m", f"wotr_api.{made}", *arguments], env=cloud.import_paths(api), cwd=api.directory)


def contract_schemas() -> None:
    """Write the schemas of wotr-common's events and messages from its models."""
    (shared,) = projects.select(["shared"])
    python = environments.python(shared.name, shared.lock)
    paths = environments.search_path([shared.sources, shared.directory])
    run([python, "-m", "contracts"], env=paths, cwd=shared.directory)


def show(name: str, arguments: Sequence[str], *, persist: bool = False) -> None:
    """Run a script on a local cloud; what is wrong with its arguments is said before anything starts."""
    command: Command = [f"scripts/{name}.py", *arguments]
    cloud.pipeline([*command, "--check"], problem=f"{name} was not started: see above")
    if not {"-h", "--help"} & {*arguments}:
        with cloud.deployed(persist=persist) as variables:
            cloud.pipeline(command, variables, problem=f"{name} failed: see above")


def script(arguments: Sequence[str]) -> None:
    """Run the named script with the AWS settings of the developer's shell."""
    known = [path.stem for path in sorted((ROOT / "scripts").glob("[a-z]*.py"))]
    name, *rest = arguments or [""]
    if name not in known:
        wrong = f"no script called {name}" if name else "name a script"
        raise Failed(f"{wrong}; there are: {', '.join(known)}")
    cloud.pipeline(
        [f"scripts/{name}.py", *rest], cloud.own_credentials(), problem=f"{name} failed: see above"
    )


def driven(module: str, arguments: Sequence[str]) -> None:
    """Run a command of the pipeline's with the AWS settings of the developer's shell, or a build's."""
    cloud.pipeline(
        ["-m", module, *arguments], cloud.own_credentials(), problem=f"{arguments[0]} failed: see above"
    )


def package(arguments: Sequence[str]) -> None:
    """Build the zips for Lambda (arm64, Python 3.13) and the content of container images into dist/."""
    for command in ("package", "image"):
        cloud.deploy([command, *arguments])


def benchmarks(arguments: Sequence[str]) -> list[Path]:
    """Return the benchmarks named in ``arguments``, all if none is named."""
    known = {path.stem: path for path in sorted((ROOT / "scripts" / "bench").glob("[a-z]*.py"))}
    unknown = [name for name in arguments if name not in known]
    if unknown:
        raise Failed(f"no benchmark called {', '.join(unknown)}; there are: {', '.join(known) or 'none yet'}")
    return [known[name] for name in arguments or known]


def bench(arguments: Sequence[str]) -> None:
    """Run benchmarks; from the first option on, words go to the one that is named before it."""
    names = list(takewhile(lambda word: not word.startswith("-"), arguments))
    options = arguments[len(names) :]
    if options and len(names) != 1:
        raise Failed(f"name one benchmark before {options[0]}")
    chosen = benchmarks(names)
    for path in (each for each in chosen if each.stem in WITHOUT_A_STAGE):
        print(f"\n=== {path.stem} ===", flush=True)
        paths = environments.search_path([ROOT / place for place in WITHOUT_A_STAGE[path.stem]])
        run([environments.tool(path.stem), path, *options], env=paths)
    staged = [each for each in chosen if each.stem not in WITHOUT_A_STAGE]
    if staged:
        with cloud.deployed() as variables:
            for path in staged:
                print(f"\n=== {path.stem} ===", flush=True)
                cloud.pipeline([path, *options], variables)


def template_files(names: Sequence[str] = ()) -> list[Path]:
    """Return the CloudFormation templates of the project, or of the named deployables."""
    found = tracked(":(glob)infra/*.yml", ":(glob)services/*/template.yml", *PIPELINES)
    return [path for path in found if not names or {path.stem, path.parent.name} & {*names}]


def _mypy(python: Path, project: Project) -> bool:
    """Check one project from inside its directory: its tests are ``tests.unit.…``, nobody else's."""
    inside = ROOT if project.name == "tools" else project.directory
    cache = ROOT / ".nox" / "mypy" / project.name
    command: Command = [
        python,
        "-m",
        "mypy",
        f"--config-file={ROOT / 'pyproject.toml'}",
        f"--cache-dir={cache}",
    ]
    # test helpers that are imported by their bare name, as pytest's settings allow
    bare = [inside / name for name in project.pytest_paths if name not in ("src", ".")]
    ok = True
    for group in TARGETS.get(project.name, [["src", "tests"]]):
        targets = [name for name in group if any((inside / name).rglob("*.py")) or name.endswith(".py")]
        bases = [*cloud.paths(project), *bare, *(inside / name for name in targets if name in BARE)]
        paths = {"MYPYPATH": os.pathsep.join(str(path) for path in bases if path != inside)}
        code, output = capture([*command, *targets], env=paths, cwd=inside) if targets else (0, "nothing yet")
        print(f"{project.directory.relative_to(ROOT)} ({', '.join(group)}): {output.rstrip()}", flush=True)
        ok = ok and code == 0
    return ok


def _no_findings(findings: list[str]) -> None:
    if findings:
        raise Failed("\n".join(findings))


def _all(part: str, checks: dict[str, Callable[[], None]]) -> None:
    """Do every check, AT_ONCE at a time, say how each went, and raise Failed naming those that failed."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        went = list(pool.map(lambda check: _went(*check), checks.items()))
    failed = [name for name, ok in zip(checks, went, strict=True) if not ok]
    if failed:
        raise Failed(f"{part}: {', '.join(failed)}")


def _went(name: str, work: Callable[[], None]) -> bool:
    try:
        work()
    except Failed as failure:
        print(f"{name}: FAILED\n{failure}", flush=True)
        return False
    print(f"{name}: ok", flush=True)
    return True
