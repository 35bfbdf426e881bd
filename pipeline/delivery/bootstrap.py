"""One pipeline for each deployable, from ``pipeline/service-pipeline.yml``, in the graph's order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from delivery.errors import DeliveryError
from delivery.pipelines import PREFIX, Pipelines
from deploy import changesets, closure, graph, run, templates
from deploy.artifacts import Bucket, packaged
from deploy.build import LIBRARY
from deploy.templates import BOOTSTRAP, SERVICE_PIPELINE, Template

_AT_ONCE = 4
HELD = "made to wait for the first push"


@dataclass(frozen=True)
class Made:
    """The stack of one pipeline, and what became of it: created, updated or unchanged."""

    deployable: str
    stack: str
    action: str


def order(root: Path, only: Sequence[str] = ()) -> list[list[str]]:
    """The deployables that have a pipeline, what others need first; those of one batch are independent.

    Raises
    ------
    DeliveryError
        For a name that has no file paths, naming those that have.
    """
    known = closure.filters(root)
    unknown = [name for name in only if name not in known]
    if unknown:
        raise DeliveryError(
            f"no pipeline is described for {', '.join(unknown)}; there are {', '.join(known)}"
        )
    chosen = set(only or known)
    whole = graph.build(templates.everything(root)).batches()
    batches = [[LIBRARY], *whole, [name for name in known if name != LIBRARY and not _in(name, whole)]]
    return [kept for batch in batches if (kept := [name for name in batch if name in chosen])]


def make(
    root: Path,
    only: Sequence[str] = (),
    *,
    parameters: Mapping[str, str],
    hold: bool,
    told: Callable[[Made], None],
) -> list[Made]:
    """Create or update the pipelines' stacks.

    A new pipeline starts at once, as CodePipeline does it. With ``hold`` that first execution is given up,
    where the stages have just been deployed by other means.
    """
    clients, known = run.Clients.of(), closure.filters(root)
    template = templates.load(root / SERVICE_PIPELINE, root, "pipeline")
    url = _artifacts(clients).put_template("pipeline", packaged(template, "", None))
    pipelines = Pipelines()

    def one(deployable: str) -> Made:
        outcome = changesets.deploy(
            clients.cloudformation, _request(template, url, deployable, known[deployable], parameters)
        )
        made = Made(deployable, f"wotr-pipeline-{deployable}", outcome.action)
        if hold and made.action == "created":
            _hold(pipelines, deployable)
        told(made)
        return made

    found: list[Made] = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for batch in order(root, only):
            found += pool.map(one, batch)
    return found


def _request(
    template: Template, url: str, deployable: str, patterns: Sequence[str], parameters: Mapping[str, str]
) -> changesets.Request:
    unknown = [name for name in parameters if name not in template.parameters]
    if unknown:
        has = ", ".join(sorted(set(template.parameters) - {"Deployable", "FilePaths"}))
        raise DeliveryError(f"{SERVICE_PIPELINE} has {has}, and not {', '.join(unknown)}")
    return changesets.Request(
        stack_name=f"wotr-pipeline-{deployable}",
        template_url=url,
        parameters={"Deployable": deployable, "FilePaths": ",".join(patterns), **parameters},
        declared=frozenset(template.parameters),
        tags={"wotr:stack": f"pipeline-{deployable}"},
        protect=True,
    )


def _artifacts(clients: run.Clients) -> Bucket:
    name = f"wotr-{BOOTSTRAP}"
    found = clients.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    return Bucket(clients.s3, outputs["ArtifactBucketName"])


def _hold(pipelines: Pipelines, deployable: str) -> None:
    name = PREFIX + deployable
    for execution in pipelines.executions(name):
        if not execution.ended and execution.trigger == "CreatePipeline":
            pipelines.stop(name, execution.execution_id, HELD)


def _in(name: str, batches: Sequence[Sequence[str]]) -> bool:
    return any(name in batch for batch in batches)
