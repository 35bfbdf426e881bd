"""Deploys a stage: the bootstrap stack, then every stack as soon as what it needs is there.

One path for AWS and the laptop: the clients are made without an endpoint, so ``AWS_ENDPOINT_URL`` decides.
Packages are built while the first stacks deploy.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deploy import changesets, graph, orders, packages, settings, templates
from deploy.artifacts import Bucket, packaged
from deploy.changesets import Change, Event
from deploy.errors import DeployError
from deploy.packages import Package, Target
from deploy.templates import Template

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 8  # stacks side by side: waiting, not work

Watch = Callable[[str, Event], None]


@dataclass(frozen=True)
class StackResult:
    """One stack of a deployment.

    ``action`` is created, updated, unchanged, failed, or skipped (a stack it needs failed); ``reason`` says
    why it failed or was skipped. ``seconds`` is wall-clock time.
    """

    stack: str
    name: str
    action: str
    changes: tuple[Change, ...] = ()
    seconds: float = 0.0
    reason: str = ""

    @property
    def good(self) -> bool:
        return self.action in ("created", "updated", "unchanged")


@dataclass(frozen=True)
class Deployment:
    """The outcome of one run; ``stacks`` in the order in which they ended."""

    stage: str
    stacks: tuple[StackResult, ...]
    seconds: float

    @property
    def good(self) -> bool:
        return all(result.good for result in self.stacks)

    @property
    def changed(self) -> list[str]:
        """The stacks whose change set was not empty."""
        return [result.stack for result in self.stacks if result.action in ("created", "updated")]


@dataclass
class Clients:
    """The AWS clients a deployment uses; made once, shared by its threads (boto3 clients allow that)."""

    cloudformation: CloudFormationClient
    s3: S3Client
    functions: LambdaClient

    @classmethod
    def of(cls, session: boto3.Session | None = None) -> Clients:
        session = session or boto3.Session()
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=2 * _AT_ONCE,
            retries={"mode": "standard", "max_attempts": 8},
            s3={"addressing_style": "path"},
        )
        return cls(
            session.client("cloudformation", config=config),
            session.client("s3", config=config),
            session.client("lambda", config=config),
        )


def place() -> str:
    """Where this shell's credentials lead to, for people to read: account, region, endpoint."""
    session = boto3.Session()
    identity = session.client("sts").get_caller_identity()
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "AWS")
    return f"account {identity['Account']}, {session.region_name}, {endpoint}"


@dataclass
class _Run:
    stage: str
    clients: Clients
    watch: Watch
    built: Future[dict[str, Package]]
    given: settings.Settings
    target: Target
    bucket: Bucket = field(init=False)

    def deploy(self, template: Template) -> StackResult:
        """Deploy one stack; a failure is a result, not an exception."""
        started = time.monotonic()
        name = template.stack_name(self.stage)
        try:
            outcome = self._deploy(template, name)
        except (DeployError, ClientError, BotoCoreError) as error:
            seconds = time.monotonic() - started
            return StackResult(template.stack, name, "failed", seconds=seconds, reason=str(error))
        return StackResult(template.stack, name, outcome.action, outcome.changes, time.monotonic() - started)

    def _deploy(self, template: Template, name: str) -> changesets.Outcome:
        package = self.built.result()[template.stack] if template.functions else None
        made = orders.Orders(self.stage, self.given, self.target, self.bucket, self.clients.cloudformation)
        order = made.of(template, package)
        url = self.bucket.put_template(template.stack, order.template)
        outcome = self._change(template, name, order.parameters, template_url=url)
        if order.code_sha256:
            refuse_foreign_code(self.clients, name, template, order.code_sha256)
        return outcome

    def bootstrap(self, template: Template) -> StackResult:
        """Deploy the account's own stack; it carries its template itself, for there is no bucket yet."""
        started = time.monotonic()
        name = template.stack_name(self.stage)
        values = orders.parameters(template, self.stage, self.given, {})
        outcome = self._change(template, name, values, template_body=packaged(template, "", None))
        self.bucket = artifact_bucket(self.clients)
        seconds = time.monotonic() - started
        return StackResult(template.stack, name, outcome.action, outcome.changes, seconds)

    def _change(
        self, template: Template, name: str, values: dict[str, str], **source: str
    ) -> changesets.Outcome:
        request = changesets.Request(
            stack_name=name,
            parameters=values,
            declared=frozenset(template.parameters),
            tags=tags(template),
            protect=self.stage == "prod" or template.stack == templates.BOOTSTRAP,
            **source,
        )
        return changesets.deploy(
            self.clients.cloudformation, request, lambda event: self.watch(template.stack, event)
        )


def tags(template: Template) -> dict[str, str]:
    """The tags of a template's stack."""
    return {"wotr:stack": template.stack}


def artifact_bucket(clients: Clients) -> Bucket:
    """The artifact bucket of this account and region.

    Raises DeployError where the bootstrap stack was not deployed.
    """
    name = f"wotr-{templates.BOOTSTRAP}"
    try:
        stack = clients.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in error.response["Error"]["Message"]:
            raise
        raise DeployError(f"there is no stack {name} here: python3 noxfile.py -s deploy -- up") from error
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}
    return Bucket(clients.s3, outputs["ArtifactBucketName"])


def up(
    root: Path,
    stage: str,
    only: Sequence[str] = (),
    *,
    given: Iterable[str] = (),
    target: Target = packages.LAMBDA,
    clients: Clients | None = None,
    watch: Watch = lambda *_: None,
    ended: Callable[[StackResult], None] = lambda _: None,
) -> Deployment:
    """Build and deploy all stacks of ``stage``, or those named in ``only``.

    Parameters
    ----------
    given
        Values for parameters of the stacks, each as ``STACK.NAME=VALUE``.
    watch, ended
        Called from several threads with every stack event and with every stack's result.

    Raises
    ------
    DeployError
        Before anything is changed: templates that do not fit together, an unknown name or parameter, an
        import that no deployed stack exports. What goes wrong later is in the results, and stacks that do
        not depend on it are still deployed.
    """
    started = time.monotonic()
    whole = graph.build(templates.everything(root))
    chosen = select(whole, only)
    values = settings.parse(given, whole.templates, [templates.BOOTSTRAP, *chosen])
    clients = clients or Clients.of()
    if only:
        require_imports(clients.cloudformation, whole, chosen, stage)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        built = pool.submit(packages.build, [whole.templates[name] for name in chosen], target, root)
        run = _Run(stage, clients, watch, built, values, target)
        first = run.bootstrap(whole.templates[templates.BOOTSTRAP])
        ended(first)
        results = _in_order(whole, chosen, run, pool, ended)
    return Deployment(stage, (first, *results), time.monotonic() - started)


def select(whole: graph.Graph, only: Iterable[str], *, on_request: bool = False) -> list[str]:
    """The named stacks; where none is named all but those on request, or these too.

    The bootstrap stack goes without saying.
    """
    known = sorted(set(whole.templates) - {templates.BOOTSTRAP})
    usual = [name for name in known if on_request or not whole.templates[name].on_request]
    names = list(dict.fromkeys(only)) or usual
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DeployError(f"no stack called {', '.join(unknown)}; there are {', '.join(known)}")
    return names


def require_imports(
    cloudformation: CloudFormationClient, whole: graph.Graph, chosen: Sequence[str], stage: str
) -> None:
    """Refuse a deployment of some stacks whose imports neither exist nor are deployed with them."""
    coming = {templates.BOOTSTRAP, *chosen}
    pages = cloudformation.get_paginator("list_exports").paginate()
    existing = {export["Name"] for page in pages for export in page["Exports"]}
    problems, needed = [], set()
    for stack in chosen:
        wanted = {found.name: whole.owner(found.name) for found in whole.templates[stack].imports}
        names = {
            name: name.replace("${Stage}", stage) for name, owner in wanted.items() if owner not in coming
        }
        missing = [name for name, real in names.items() if real not in existing]
        if missing:
            needed |= {wanted[name] for name in missing}
            problems.append(f"{stack} imports {', '.join(names[name] for name in missing)}")
    if problems:
        stacks = " ".join([*sorted(needed), *chosen])
        raise DeployError(
            "\n".join(f"{problem}, which no deployed stack exports." for problem in problems)
            + f"\nDeploy that too: python3 noxfile.py -s deploy -- up --stage {stage} {stacks}"
        )


def _in_order(
    whole: graph.Graph,
    chosen: Sequence[str],
    run: _Run,
    pool: ThreadPoolExecutor,
    ended: Callable[[StackResult], None],
) -> list[StackResult]:
    """Each stack as soon as those it needs are through; what needs a failed one is skipped."""
    sorter = whole.sorter(chosen)
    results: dict[str, StackResult] = {}
    running: dict[Future[StackResult], str] = {}
    while sorter.is_active():
        for name in sorted(sorter.get_ready()):
            template = whole.templates[name]
            bad = sorted(other for other in whole.needs[name] if other in results and not results[other].good)
            if bad:
                reason = f"it needs {', '.join(bad)}"
                results[name] = StackResult(name, template.stack_name(run.stage), "skipped", reason=reason)
                ended(results[name])
                sorter.done(name)
            else:
                running[pool.submit(run.deploy, template)] = name
        if running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                name = running.pop(future)
                results[name] = future.result()
                ended(results[name])
                sorter.done(name)
    return list(results.values())


def refuse_foreign_code(clients: Clients, stack_name: str, template: Template, digest: str) -> None:
    """Refuse a stack with a function that runs anything but the artifact.

    Both the function and the version behind its alias must report ``digest``. An emulator may well say
    CREATE_COMPLETE for a function that has no code.
    """
    pages = clients.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    names = {
        item["LogicalResourceId"]: item["PhysicalResourceId"]
        for page in pages
        for item in page["StackResourceSummaries"]
        if item["ResourceType"] == "AWS::Lambda::Function"
    }
    for function in template.functions:
        if function.logical_id not in names:
            continue  # its condition is false in this stage
        name = names[function.logical_id]
        for qualifier in (None, function.alias) if function.alias else (None,):
            options = {"Qualifier": qualifier} if qualifier else {}
            found = clients.functions.get_function_configuration(FunctionName=name, **options)["CodeSha256"]
            if found != digest:
                version = f"{name}:{qualifier}" if qualifier else name
                raise DeployError(
                    f"{stack_name}: {function.logical_id} ({version}) does not run the artifact: "
                    f"its CodeSha256 is {found}, that of the package is {digest}. "
                    "Someone has changed it by hand, or the deployment did not bring the code."
                )
