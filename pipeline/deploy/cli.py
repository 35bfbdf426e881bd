"""The command line: ``python -m deploy COMMAND``."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from deploy import (
    build,
    closure,
    events,
    graph,
    images,
    imports,
    outputs,
    packages,
    report,
    run,
    sbom,
    stages,
    templates,
    wheels,
)
from deploy.errors import DeployError

TARGET = "WOTR_PACKAGE_TARGET"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it did what was asked, 1 with a message if not, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    console, errors = Console(), Console(stderr=True)
    try:
        options.root = options.root.resolve() if options.root else templates.repository()
        return int(options.command(options, console))
    except KeyboardInterrupt:
        report.say(
            errors, "Stopped. What CloudFormation has begun goes on there; run the same command again."
        )
        return 130
    except DeployError as error:
        report.say(errors, str(error), "red")
    except (ClientError, BotoCoreError) as error:
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "AWS")
        text = f"{endpoint}: {error}\nAre this shell's credentials, region and endpoint the right ones?"
        report.say(errors, text, "red")
    return 1


def _up(options: argparse.Namespace, console: Console) -> bool:
    whole = graph.build(templates.everything(options.root))
    order = [stack for batch in whole.batches() for stack in batch]
    chosen = set(run.select(whole, options.stacks))
    report.say(console, f"{options.stage}: {run.place()}")
    shown = [templates.BOOTSTRAP, *(stack for stack in order if stack in chosen)]
    with report.Progress(console, shown) as progress:
        deployment = run.up(
            options.root,
            options.stage,
            options.stacks,
            given=options.set,
            target=_chosen(options),
            watch=progress.watch,
            ended=progress.ended,
        )
    report.summary(console, deployment)
    if options.report:
        report.write(options.report, deployment)
    return not deployment.good


def _package(options: argparse.Namespace, console: Console) -> bool:
    whole = graph.build(templates.everything(options.root))
    chosen = [whole.templates[name] for name in run.select(whole, options.stacks, on_request=True)]
    target = _chosen(options)
    built = packages.build(chosen, target, options.root)
    for name, package in built.items():
        for part in package.parts:
            sbom.write(part, sbom.lock_of(whole.templates[name]))
    report.packages(console, [part for package in built.values() for part in package.parts])
    return False


def _image(options: argparse.Namespace, console: Console) -> bool:
    whole = graph.build(templates.everything(options.root))
    chosen = [whole.templates[name] for name in run.select(whole, options.stacks, on_request=True)]
    target = _chosen(options)
    having = {template.stack: template for template in chosen if images.parameter(template)}
    built = packages.build(having.values(), target, options.root)
    for stack, template in having.items():
        image = images.build(template, built[stack], target, options.root)
        report.image(console, image, images.unpack(image), f"{stack}.{images.parameter(template)}")
    if not having:
        report.say(console, "no container image there")
    return False


def _imports(options: argparse.Namespace, console: Console) -> bool:
    whole = graph.build(templates.everything(options.root))
    chosen = [whole.templates[name] for name in run.select(whole, options.stacks, on_request=True)]
    built = packages.build(chosen, packages.HOST, options.root)
    for stack, package in built.items():
        for result in imports.check(package.path, whole.templates[stack]):
            milliseconds = f"{1000 * (result.seconds or 0):.0f} ms"
            report.say(console, f"{stack}: {result.handler} imports from bytecode alone, {milliseconds}")
    return False


def _graph(options: argparse.Namespace, console: Console) -> bool:
    whole = graph.build(templates.everything(options.root))
    for number, batch in enumerate(whole.batches(), 1):
        for stack in batch:
            needed = ", ".join(sorted(whole.needs[stack]))
            after = f" (after {needed})" if needed else ""
            when = ", only when it is named" if whole.templates[stack].on_request else ""
            report.say(console, f"{number}. {stack}{after}{when}")
    return False


def _check(options: argparse.Namespace, console: Console) -> bool:
    whole = graph.build(templates.everything(options.root))
    exports = sum(len(template.exports) for template in whole.templates.values())
    imported = sum(len(template.imports) for template in whole.templates.values())
    report.say(
        console,
        f"{len(whole.templates)} stacks, {exports} exports, {imported} imports: they fit together",
    )
    return False


def _plain(options: argparse.Namespace, console: Console) -> bool:
    options.folder.mkdir(parents=True, exist_ok=True)
    pipelines = templates.load(
        options.root / templates.SERVICE_PIPELINE, options.root, templates.SERVICE_PIPELINE.stem
    )
    for template in [*templates.everything(options.root), pipelines]:
        path = options.folder / f"{template.stack}.json"
        path.write_text(json.dumps(template.body, indent=1, ensure_ascii=False), encoding="utf-8")
        report.say(console, f"{template.where} as {path}")
    return False


def _build(options: argparse.Namespace, console: Console) -> bool:
    place = options.output.resolve()
    for path in build.build(
        options.root, options.deployable, place, given=options.set, target=_chosen(options)
    ):
        report.say(console, f"{options.deployable}: {path.name}, {path.stat().st_size / 1024:.0f} KiB")
    report.say(console, f"Next: a pipeline deploys what is in {place}", "dim")
    return False


def _publish_common(options: argparse.Namespace, console: Console) -> bool:
    for wheel in build.publish(options.root):
        report.say(console, f"{wheels.LIBRARY} {wheel.version} is in the wheel store ({wheel.digest})")
    return False


def _wheels(options: argparse.Namespace, console: Console) -> bool:
    if options.published:
        for wheel in build.fetch(options.root):
            report.say(console, f"{wheels.LIBRARY} {wheel.version} comes from the artifact bucket")
    for wheel in wheels.fill(options.root):
        report.say(console, f"{wheel.path.relative_to(options.root)} ({wheel.digest})")
    return False


def _release_common(options: argparse.Namespace, console: Console) -> bool:
    wheel, new = wheels.release(options.root)
    if not new:
        report.say(console, f"{wheels.LIBRARY} {wheel.version} is released already, and unchanged")
        return False
    report.say(
        console,
        f"{wheels.LIBRARY} {wheel.version} is in shared/releases.lock\n"
        f"Next: commit shared/, then git tag common-v{wheel.version} and push the tag",
    )
    return False


def _check_common(options: argparse.Namespace, console: Console) -> bool:
    wheel = wheels.check(options.root)
    report.say(console, f"{wheels.LIBRARY} {wheel.version} is what shared/releases.lock says")
    return False


def _generated(
    document: ModuleType, place: Path, truth: str
) -> Callable[[argparse.Namespace, Console], bool]:
    """The command that writes a document anew or, with --check, says whether it is what ``truth`` says."""

    def command(options: argparse.Namespace, console: Console) -> bool:
        if options.check:
            document.check(options.root)
            report.say(console, f"{place.as_posix()} is {truth}")
        else:
            report.say(console, f"written: {document.write(options.root).relative_to(options.root)}")
        return False

    return command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy",
        description="Build the services' packages and deploy the stacks of a stage. "
        "AWS_ENDPOINT_URL chooses another cloud than AWS; credentials and region are the usual ones.",
    )
    parser.add_argument(
        "--root", type=Path, help="the repository (default: the one around the current folder)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="deploy a stage: all stacks, or those named")
    up.add_argument(
        "stacks",
        nargs="*",
        metavar="STACK",
        help="only these (what they import must be deployed); a stack on request is deployed only when named",
    )
    up.add_argument("--stage", choices=stages.STAGES, default=os.environ.get("WOTR_STAGE", "dev"))
    up.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STACK.NAME=VALUE",
        help="give a stack's parameter a value, which later deployments keep (may be repeated)",
    )
    _target(up)
    up.add_argument("--report", type=Path, metavar="FILE", help="also write the outcome as JSON")
    up.set_defaults(command=_up)

    package = commands.add_parser("package", help="build the zips into dist/packages")
    package.add_argument("stacks", nargs="*", metavar="SERVICE", help="only these")
    _target(package)
    package.set_defaults(command=_package)

    image = commands.add_parser("image", help="make the content of container images in dist/images")
    image.add_argument("stacks", nargs="*", metavar="SERVICE", help="only these")
    _target(image)
    image.set_defaults(command=_image)

    tried = commands.add_parser(
        "imports", help="import every handler from its package, and from bytecode alone"
    )
    tried.add_argument("stacks", nargs="*", metavar="SERVICE", help="only these")
    tried.set_defaults(command=_imports)

    for name, document, place, source, truth in (
        ("outputs", outputs, outputs.NOTE, "the templates' exports", "what the templates say"),
        ("events", events, events.NOTE, "who tells and who hears", "what contracts and templates say"),
        (
            "filters",
            closure,
            closure.FILE,
            "by which paths each deployable's pipeline starts",
            "what each deployable is made of",
        ),
    ):
        written = commands.add_parser(name, help=f"write {place.as_posix()}: {source}")
        written.add_argument("--check", action="store_true", help="only say whether it is up to date")
        written.set_defaults(command=_generated(document, place, truth))

    plain = commands.add_parser(
        "plain", help="write the templates as JSON, without YAML's aliases, which CloudFormation never sees"
    )
    plain.add_argument("folder", type=Path)
    plain.set_defaults(command=_plain)

    _delivery(commands)
    for name, command, text in (
        ("graph", _graph, "the stacks in order of deployment, and what each needs"),
        ("check", _check, "do the templates' exports and imports fit together?"),
        ("release-common", _release_common, "enter wotr-common's version in shared/releases.lock"),
        ("check-common", _check_common, "is wotr-common what shared/releases.lock says?"),
        ("publish-common", _publish_common, "put every release of wotr-common into the artifact bucket"),
    ):
        commands.add_parser(name, help=text, description=text).set_defaults(command=command)
    return parser


def _delivery(commands: Any) -> None:
    """The commands that a pipeline is made of and runs."""
    built = commands.add_parser(
        "build", help="build one deployable as its pipeline does: code into the bucket, templates into files"
    )
    built.add_argument("deployable", metavar="DEPLOYABLE", help=f"a stack, or {build.LIBRARY}")
    built.add_argument("--output", type=Path, metavar="DIR", required=True, help="where the files go")
    built.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STACK.NAME=VALUE",
        help="give the stack's parameter a value in every stage (may be repeated)",
    )
    _target(built)
    built.set_defaults(command=_build)

    store = commands.add_parser(
        "wheels", help=f"fill dist/wheels with every version of {wheels.LIBRARY} that a service pins"
    )
    store.add_argument(
        "--published", action="store_true", help="take older versions from the artifact bucket, not from git"
    )
    store.set_defaults(command=_wheels)


def _target(parser: argparse.ArgumentParser) -> None:
    text = (
        "lambda: CPython 3.13 on arm64; host: this interpreter and machine (for a local cloud). "
        f"The default is what {TARGET} says, and lambda where it says nothing"
    )
    parser.add_argument("--target", choices=sorted(packages.TARGETS), help=text)


def _chosen(options: argparse.Namespace) -> packages.Target:
    name = options.target or os.environ.get(TARGET) or packages.LAMBDA.name
    if name not in packages.TARGETS:
        raise DeployError(f"{TARGET} is {name!r}, and not one of {', '.join(sorted(packages.TARGETS))}")
    return packages.TARGETS[name]
