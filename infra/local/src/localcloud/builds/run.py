"""One build from its source to its artifacts, phase by phase."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import yaml

from localcloud import service_roles
from localcloud.builds import buildspec, environment, machine, objects, outputs, records, reports
from localcloud.builds.buildspec import PHASES, Buildspec
from localcloud.builds.cache import Cache
from localcloud.builds.handover import Handover
from localcloud.builds.logs import LogStream
from localcloud.builds.machine import Image
from localcloud.builds.own_variables import own_variables
from localcloud.builds.progress import PhaseFailed, Progress
from localcloud.builds.shell import Shell, Stopped, TimedOut
from localcloud.services import Body

_SERVICE = "codebuild.amazonaws.com"
_DEFAULT_BUILDSPEC = "buildspec.yml"
# Where on-failure says nothing, a failed build phase is the one after which the next still runs.
_GOES_ON = "build"


@dataclass(frozen=True)
class Order:
    """What a build is to do, beside what its record tells. ``seconds``: how long it may take."""

    build: str
    project_variables: list[Body]
    asked_variables: list[Body]
    artifacts: Body
    secondary_artifacts: list[Body]
    cache_name: str
    seconds: float
    handover: Handover | None = None
    stop: Event = field(default_factory=Event)


class Run:
    """A build under way. ``directory`` is its own, ``shelf`` that of caches, ``image`` what it runs in."""

    def __init__(self, order: Order, directory: Path, shelf: Path, image: Image) -> None:
        self._order = order
        self._directory = directory
        self._shelf = shelf
        self._image = image
        self._source = directory / "src"
        self._progress = Progress(order.build, order.stop)
        self._until = time.monotonic() + order.seconds
        self._hidden: set[str] = set()
        self._shell: Shell | None = None
        self._cache: Cache | None = None
        self._clients: dict[str, Any] = {}

    def work(self) -> str:
        """Do it; returns the build's status."""
        progress = self._progress
        try:
            spec = self._begin()
            if spec is not None and self._phases(spec):
                with progress.phase("UPLOAD_ARTIFACTS"):
                    self._upload(spec)
            status = "SUCCEEDED" if progress.succeeding else "FAILED"
        except Stopped:
            status = "STOPPED"
        except TimedOut:
            status = "TIMED_OUT"
        finally:
            if self._shell is not None:
                self._shell.end()
        with progress.phase("FINALIZING"):
            pass
        progress.log.note(f"Build {status}")
        progress.log.end()
        return status

    def _begin(self) -> Buildspec | None:
        """The buildspec, None where a phase before its first failed."""
        with self._progress.phase("PROVISIONING") as told:
            self._provision()
        if told["phaseStatus"] != "SUCCEEDED":
            return None
        with self._progress.phase("DOWNLOAD_SOURCE") as told:
            self._download()
            spec = self._buildspec()
            self._prepare(spec)
        return spec if told["phaseStatus"] == "SUCCEEDED" else None

    def _provision(self) -> None:
        record, number = self._progress.record(), self._order.build.partition(":")[2]
        try:
            role = record["serviceRole"]
            self._credentials = service_roles.credentials(role, _SERVICE, f"AWSCodeBuild-{number}")
        except service_roles.NotTrusted as error:
            raise PhaseFailed("ACCESS_DENIED", str(error)) from None
        logs = record["logs"]
        if "groupName" in logs:
            self._progress.log = LogStream(
                self._client("logs"), logs["groupName"], logs["streamName"], lambda: self._hidden
            )

    def _client(self, name: str) -> Any:
        """Made once: that takes longer than most calls."""
        if name not in self._clients:
            self._clients[name] = service_roles.client(name, self._credentials)
        return self._clients[name]

    def _download(self) -> None:
        self._source.mkdir(parents=True)
        s3, note = self._client("s3"), self._progress.log.note
        if (handover := self._order.handover) is not None:
            for name, place in handover.inputs.items():
                note(f"Source {name}: s3://{place.bucket}/{place.key}")
                primary = name == handover.primary
                objects.unpack(s3, place.bucket, place.key, "", self._place("" if primary else name))
            return
        record = self._progress.record()
        for source in (record["source"], *record.get("secondarySources", [])):
            if source["type"] == "S3":
                name = source.get("sourceIdentifier", "") if source is not record["source"] else ""
                bucket, key = objects.bucket_and_key(source["location"])
                note(f"Source {name or 'primary'}: s3://{bucket}/{key}")
                version = "" if name else record.get("sourceVersion", "")
                resolved = objects.unpack(s3, bucket, key, version, self._place(name))
                if resolved and not name:
                    self._progress.change(resolvedSourceVersion=resolved)

    def _place(self, name: str) -> Path:
        """The directory of a source, "" for the primary one."""
        return self._directory / f"src-{name}" if name else self._source

    def _buildspec(self) -> Buildspec:
        said = self._progress.record()["source"].get("buildspec", "") or _DEFAULT_BUILDSPEC
        if "\n" not in said and not said.lstrip().startswith("{"):
            path = self._source / said
            if not path.is_file():
                raise PhaseFailed("YAML_FILE_ERROR", f"{said}: there is no such file in the source")
            said = path.read_text(encoding="utf-8")
        try:
            return buildspec.read(yaml.load(said, Loader=yaml.BaseLoader))  # noqa: S506 - makes text only
        except (buildspec.Malformed, yaml.YAMLError) as error:
            raise PhaseFailed("YAML_FILE_ERROR", str(error)) from None

    def _prepare(self, spec: Buildspec) -> None:
        """The variables, the shell, the cache."""
        order = self._order
        wanted = environment.wanted(spec, order.project_variables, order.asked_variables)
        try:
            values, self._hidden = environment.resolved(wanted, self._client)
        except environment.Missing as error:
            raise PhaseFailed("CLIENT_ERROR", str(error)) from None
        given = self._image.variables(self._directory) | values
        own = own_variables(self._progress.record(), self._place, order.handover)
        scratch = self._directory / "commands"
        scratch.mkdir()
        self._shell = Shell(
            spec.shell,
            given | self._credentials | own,
            self._source,
            scratch,
            say=self._progress.log.line,
            mark=f"CODEBUILD_BUILD_ID={order.build}",
            gives_way=self._progress.record()["environment"]["computeType"] != records.SMALL,
        )
        self._cache = self._opened(spec)
        if self._cache is not None and spec.cache.restores:
            fallbacks = [self._said(key) for key in spec.cache.fallback_keys]
            self._progress.log.note(self._cache.restore(self._source, fallbacks))

    def _opened(self, spec: Buildspec) -> Cache | None:
        record = self._progress.record()
        said = record["cache"]
        if said["type"] != "S3" or not spec.cache.paths:
            return None
        bucket, prefix = objects.bucket_and_key(said["location"])
        key = self._said(spec.cache.key)
        return Cache(
            client=self._client("s3"),
            bucket=bucket,
            prefix=f"{prefix.strip('/')}/{said.get('cacheNamespace', '')}".strip("/"),
            name=key or self._order.cache_name,
            paths=spec.cache.paths,
            shelf=self._shelf,
            encryption_key=outputs.own_key(record),
            keyed=bool(key),
        )

    def _said(self, text: str) -> str:
        """What the shell makes of a key or a name."""
        if not any(sign in text for sign in "$`"):
            return text
        said = self._directory / "said"
        if self._command(f'printf %s "{text}" >"{said}"') != 0:
            raise PhaseFailed("CLIENT_ERROR", f"the shell makes nothing of {text}")
        return said.read_text(encoding="utf-8")

    def _phases(self, spec: Buildspec) -> bool:
        """Run them; whether artifacts are uploaded: they are once the build phase ran, however it ended."""
        ran = set()
        for name in PHASES:
            phase = spec.phases.get(name, buildspec.Phase())
            with self._progress.phase(name.upper()) as told:
                if name == "install" and "python" in spec.runtimes:
                    machine.runtime(spec.runtimes["python"], self._progress.log.note)
                self._run_phase(phase)
            ran.add(name)
            goes_on = phase.on_failure == "CONTINUE" or (not phase.on_failure and name == _GOES_ON)
            if told["phaseStatus"] == "FAILED" and not goes_on:
                break
        self._export(spec)
        return "build" in ran

    def _run_phase(self, phase: buildspec.Phase) -> None:
        failure: PhaseFailed | None = None
        for commands in (phase.commands, phase.finally_):
            for command in map(str.strip, commands):
                self._progress.log.note(f"Running command {command}")
                code = self._command(command)
                if code != 0:
                    words = f"Error while executing command: {command}. Reason: exit status {code}"
                    failure = failure or PhaseFailed("COMMAND_EXECUTION_ERROR", words)
                    break
        if failure is not None:
            raise failure

    def _command(self, command: str) -> int:
        assert self._shell is not None
        succeeding = self._progress.succeeding
        return self._shell.run(command, succeeding=succeeding, until=self._until, stop=self._order.stop)

    def _export(self, spec: Buildspec) -> None:
        told = []
        for name in spec.exported:
            said = self._directory / "said"
            if self._command(f'printenv {name} >"{said}"') == 0:
                value = said.read_text(encoding="utf-8").removesuffix("\n")
                for secret in self._hidden:
                    value = value.replace(secret, "***")
                told.append({"name": name, "value": value})
        self._progress.change(exportedEnvironmentVariables=told)

    def _upload(self, spec: Buildspec) -> None:
        """Reports, artifacts and, of a build that is succeeding, the cache."""
        self._report(spec)
        self._put_artifacts(spec)
        if self._cache is not None and self._progress.succeeding and spec.cache.saves:
            self._progress.log.note(self._cache.save(self._source))

    def _report(self, spec: Buildspec) -> None:
        record, arns = self._progress.record(), []
        for report in spec.reports:
            try:
                arns.append(reports.add(report, self._source, record, self._progress.log.note))
            except reports.NotAllowed as error:
                raise PhaseFailed("ACCESS_DENIED", str(error)) from None
        self._progress.change(reportArns=[arn for arn in arns if arn])

    def _put_artifacts(self, spec: Buildspec) -> None:
        order = self._order
        put = outputs.Outputs(self._client("s3"), self._source, self._progress.record(), self._said)
        if order.handover is not None:
            put.to_pipeline(spec, order.handover)
            return
        if order.artifacts["type"] == "S3":
            if spec.artifacts is None:
                raise PhaseFailed("CLIENT_ERROR", "the project has artifacts, and the buildspec none")
            self._progress.change(artifacts=put.to_bucket(spec.artifacts, order.artifacts))
        told = []
        for wanted in order.secondary_artifacts:
            files = spec.secondary_artifacts.get(wanted["artifactIdentifier"])
            if files is None:
                name = wanted["artifactIdentifier"]
                raise PhaseFailed("CLIENT_ERROR", f"the buildspec has no secondary artifact {name}")
            told.append(put.to_bucket(files, wanted))
        self._progress.change(secondaryArtifacts=told)
