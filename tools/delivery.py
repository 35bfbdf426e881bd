"""The session ``pipeline``: a push to the laptop's own remote, carried by the pipelines of the templates.

The local cloud of this session keeps its state apart from that of ``up``: stages, pipelines, repository and
history are there again next time, and what waited for an approval goes on waiting.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools import cloud, environments, suites
from tools.shell import ROOT, Failed, tracked

from localcloud import repositories  # isort: skip - tools.environments makes it importable
from localcloud.errors import LocalCloudError  # isort: skip
from localcloud.server import LocalCloud  # isort: skip

REPOSITORY = "wotr/wotr"
REMOTE = "local"
BRANCH = "main"
STATE = "delivery"
STAGES = ("dev", "prod")
MINUTE_S = 3.0  # a canary of ten minutes takes half of one: its traffic needs some to begin


def pipeline(arguments: Sequence[str]) -> None:
    """Push HEAD and carry it to prod, with a person's yes."""
    options = _parser().parse_args(arguments)
    if options.scenario is not None:
        scenario(options.scenario)
        return
    with _running(persist=True) as (local, variables):
        target = _repository(local)
        if not _head(target):
            base = _base()
            print(f"a new local cloud: both stages are deployed as {base[:7]} has them", flush=True)
            with _checkout(base) as tree:
                deploy_stages(variables, tree)
            seed(target, ROOT, base)
        bootstrap(variables)
        _add_remote(target)
        _say_how_else(variables)
        _carry(options, target, variables)


def scenario(arguments: Sequence[str]) -> int:
    """Play the proof on a cloud of its own, from a clone of the working tree; how many tests passed."""
    with _running(persist=False) as (local, variables), _scratch() as tree:
        target = _repository(local)
        deploy_stages(variables, tree)
        seed(target, tree, git(["rev-parse", "HEAD"], tree))
        bootstrap(variables)
        git(["remote", "add", REMOTE, str(target)], tree)
        return suites.scenario(arguments, variables | {"WOTR_SCRATCH": str(tree)})


def bootstrap(variables: dict[str, str]) -> None:
    """Make the pipelines, or bring them to what the tree says; none starts by being made."""
    _delivery(["bootstrap", "--hold"], variables)


def deploy_stages(variables: dict[str, str], tree: Path) -> None:
    """Deploy dev and prod from ``tree``, as somebody did before there were pipelines."""
    for stage in STAGES:
        cloud.deploy(["--root", str(tree), "up", "--stage", stage, "--target", "host"], variables)


def seed(target: Path, source: Path, commit: str) -> None:
    """Give a new repository its branch without a push, so that nothing starts."""
    git(["fetch", "--quiet", str(source), f"{commit}:refs/heads/{BRANCH}"], target)


def git(arguments: Sequence[str], folder: Path = ROOT) -> str:
    """Run git in ``folder``; its output. Failed says what it complained of."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


@contextmanager
def _running(*, persist: bool) -> Iterator[tuple[LocalCloud, dict[str, str]]]:
    try:
        with LocalCloud(ROOT, persist=persist, state=STATE, minute=MINUTE_S, uv=environments.uv()) as local:
            print(f"local cloud: {local.endpoint} (log: {local.log.relative_to(ROOT)})", flush=True)
            yield local, local.environment()
    except LocalCloudError as error:
        raise Failed(str(error)) from error


def _repository(local: LocalCloud) -> Path:
    return repositories.create(local.repositories, REPOSITORY, branch=BRANCH)


def _head(target: Path) -> str:
    """The commit that the repository's branch is at, "" where it has none yet."""
    found = git(["for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}"], target)
    return found.strip()


def _base() -> str:
    """The commit before HEAD, so that a first push carries something; HEAD where it is the first."""
    try:
        return git(["rev-parse", "--verify", "--quiet", "HEAD^"])
    except Failed:
        return git(["rev-parse", "HEAD"])


@contextmanager
def _checkout(commit: str) -> Iterator[Path]:
    """A clone at ``commit``; packages and wheels that were built already serve it too."""
    (ROOT / "dist" / "wheels").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="wotr-") as place:
        tree = Path(place) / "tree"
        git(["clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(tree)])
        git(["checkout", "--quiet", "--detach", commit], tree)
        (tree / "dist").mkdir()
        (tree / "dist" / "wheels").symlink_to(ROOT / "dist" / "wheels")
        yield tree


@contextmanager
def _scratch() -> Iterator[Path]:
    """A clone whose first commit is the working tree as it is, called ``scenario-base``."""
    with _checkout(git(["rev-parse", "HEAD"])) as tree:
        there = {path.relative_to(ROOT) for path in tracked()}
        for name in git(["ls-files", "-z"], tree).rstrip("\0").split("\0"):
            if Path(name) not in there:
                (tree / name).unlink()
        for path in there:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, tree / path)
        for name, value in (("user.name", "Scenario"), ("user.email", "scenario@example.com")):
            git(["config", name, value], tree)
        git(["add", "--all"], tree)
        git(["commit", "--quiet", "--allow-empty", "--message", "The working tree"], tree)
        git(["tag", "scenario-base"], tree)
        yield tree


def _add_remote(target: Path) -> None:
    remotes = dict(line.split()[:2] for line in git(["remote", "--verbose"]).splitlines())
    if remotes.get(REMOTE) == str(target):
        return
    git(["remote", "set-url" if REMOTE in remotes else "add", REMOTE, str(target)])
    print(f"git remote {REMOTE}: git push {REMOTE} HEAD:{BRANCH} starts what it touches", flush=True)


def _say_how_else(variables: dict[str, str]) -> None:
    names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    print(
        "from another terminal: export " + " ".join(f"{name}={variables[name]}" for name in names), flush=True
    )


def _carry(options: argparse.Namespace, target: Path, variables: dict[str, str]) -> None:
    """Push HEAD, or start what was named, and follow it to its end."""
    head = git(["rev-parse", "HEAD"])
    if git(["status", "--porcelain"]):
        print(f"not committed, so not pushed: see git status; what goes is {head[:7]}", flush=True)
    answers = ["--approve"] if options.approve else []
    answers += ["--reason", options.reason] if options.reason else []
    there = _head(target) == head
    if not there:
        subject = git(["log", "-1", "--format=%s", head])
        print(f"git push {REMOTE} {head[:7]}:{BRANCH}  {subject}", flush=True)
        git(["push", "--quiet", "--force", REMOTE, f"{head}:refs/heads/{BRANCH}"])
    if options.only:
        _delivery(["start", *options.only, "--commit", head, *answers], variables)
    elif there:
        print(f"{head[:7]} was pushed before. Commit something, or name a pipeline to run it by hand:")
        print("  python3 noxfile.py -s pipeline -- --only api", flush=True)
        _delivery(["state"], variables)
    else:
        _delivery(["follow", "--commit", head, *answers], variables)


def _delivery(arguments: Sequence[str], variables: dict[str, str]) -> None:
    cloud.pipeline(
        ["-m", "delivery", *arguments], variables, problem=f"pipeline: {arguments[0]} ended badly, see above"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 noxfile.py -s pipeline --",
        description="Push HEAD to a remote of this laptop and watch its pipelines carry it to prod. "
        "The first run deploys both stages as the commit before HEAD has them.",
    )
    parser.add_argument("--approve", action="store_true", help="answer approvals with yes")
    parser.add_argument("--reason", default="", metavar="TEXT", help="given with --approve")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="DEPLOYABLE",
        help="run these pipelines for HEAD by hand, whatever it touches",
    )
    parser.add_argument(
        "--scenario",
        nargs=argparse.REMAINDER,
        metavar="WORD",
        help="play the proofs on a cloud of their own instead; words behind it go to pytest",
    )
    return parser
