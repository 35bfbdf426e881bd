"""What a pipeline's build hands on: a stack's packaged template and configuration for each stage.

Code goes into the artifact bucket under its content's name, as in any deployment; the template names it. The
configuration is the file that CodePipeline's CloudFormation actions take, with every parameter in it: left to
itself, an action would go on with whatever the stack happens to have.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from deploy import orders, packages, run, settings, stages, templates, wheels
from deploy.errors import DeployError
from deploy.packages import Target
from deploy.run import Clients
from deploy.templates import Template

LIBRARY = "shared"


def deployables(root: Path) -> list[str]:
    """What has a pipeline of its own: every stack but those on request, and the library."""
    return [*(each.stack for each in templates.discover(root) if not each.on_request), LIBRARY]


def build(
    root: Path,
    deployable: str,
    output: Path,
    *,
    given: Iterable[str] = (),
    target: Target = packages.LAMBDA,
    clients: Clients | None = None,
) -> list[Path]:
    """Build one deployable, put its code into the artifact bucket and write the rest into ``output``.

    Of a stack that is ``template-<stage>.json`` and ``configuration-<stage>.json``, of the library its wheel.

    Raises
    ------
    DeployError
        If there is no such deployable, a parameter has no value, or the library changed without
        a new version.
    """
    known = {template.stack: template for template in templates.discover(root)}
    if deployable not in deployables(root):
        raise DeployError(f"{deployable!r} has no pipeline; {', '.join(deployables(root))} have")
    clients = clients or Clients.of()
    output.mkdir(parents=True, exist_ok=True)
    if deployable == LIBRARY:
        return [_publish(root, output, clients)]
    values = settings.parse(given, known, [deployable])
    return _stack(known[deployable], values, output, target, clients)


def publish(root: Path, clients: Clients | None = None) -> list[wheels.Wheel]:
    """Put the wheel of every release that this clone can make into the bucket's wheel store."""
    bucket = run.artifact_bucket(clients or Clients.of())
    made = [wheels.wheel(root, version) for version in wheels.releases(root)]
    for wheel in made:
        bucket.put_wheel(wheel)
    return made


def fetch(root: Path, clients: Clients | None = None) -> list[wheels.Wheel]:
    """Take the older wheels that services pin out of the bucket's wheel store, for a tree without history."""
    wanted = wheels.pinned(root) - {wheels.current_version(root)}
    if not wanted:
        return []
    bucket = run.artifact_bucket(clients or Clients.of())
    return [wheels.take(root, version, bucket.get_wheel(version)) for version in sorted(wanted)]


def _publish(root: Path, output: Path, clients: Clients) -> Path:
    wheel = wheels.check(root)
    run.artifact_bucket(clients).put_wheel(wheel)
    return Path(shutil.copy(wheel.path, output))


def _stack(
    template: Template, given: settings.Settings, output: Path, target: Target, clients: Clients
) -> list[Path]:
    package = packages.build([template], target, template.root).get(template.stack)
    bucket = run.artifact_bucket(clients)
    written = []
    for stage in stages.STAGES:
        ordering = orders.Orders(stage, given, target, bucket, clients.cloudformation)
        order = ordering.of(template, package)
        kept = ordering.kept(template, order.parameters)
        configuration = {
            "Parameters": stages.complete(template, {**kept, **order.parameters}),
            "Tags": run.tags(template),
        }
        for name, text in (("template", order.template), ("configuration", json.dumps(configuration))):
            path = output / f"{name}-{stage}.json"
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written
