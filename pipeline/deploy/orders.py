"""What is ordered of CloudFormation for a stack: its packaged template and its parameters' values.

The same for whoever gives the order, so that a pipeline finds nothing to change in a stage that ``deploy up``
made of the same commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy import changesets, images, sbom, settings, stages
from deploy.artifacts import API, Bucket, packaged
from deploy.packages import Package, Target
from deploy.templates import Template

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True)
class Order:
    """One stack's order; ``parameters`` are those to set, ``code_sha256`` is that of its functions' code."""

    template: str
    parameters: dict[str, str]
    code_sha256: str | None


@dataclass(frozen=True)
class Orders:
    """Orders for the stacks of ``stage``; what they need of code is put into ``bucket``."""

    stage: str
    given: settings.Settings
    target: Target
    bucket: Bucket
    cloudformation: CloudFormationClient

    def of(self, template: Template, package: Package | None) -> Order:
        """The order for one stack, with its package and its image's content in the bucket."""
        digest, made = None, {}
        if package:
            digest = self.bucket.put_package(package)
            for part in package.parts:
                self.bucket.put_package(part)
                bill = sbom.write(part, sbom.lock_of(template)).read_text(encoding="utf-8")
                self.bucket.put_bill(part, bill)
            made = self._image(template, package)
        values = parameters(template, self.stage, self.given, made)
        said = self._said(template, values)
        return Order(packaged(template, self.bucket.name, package, said), values, digest)

    def kept(self, template: Template, values: dict[str, str]) -> dict[str, str]:
        """Other parameters that the deployed stack was given by hand, and goes on with."""
        request = changesets.Request(
            template.stack_name(self.stage), values, declared=frozenset(template.parameters)
        )
        return changesets.kept(self.cloudformation, request)

    def _said(self, template: Template, values: dict[str, str]) -> dict[str, str]:
        """Parameters of an API's template that will have no default: set now, or kept from before."""
        if not any(each["Type"] == API for each in template.resources.values()):
            return {}
        return {**self.kept(template, values), **values}

    def _image(self, template: Template, package: Package) -> dict[str, str]:
        """The parameter that names the service's image, where this machine is what runs it.

        For AWS an image is built and pushed by whoever has Docker, and given by ``--set``.
        """
        name = images.parameter(template)
        if name is None or self.target.foreign or name in self.given.get(template.stack, {}):
            return {}
        image = images.build(template, package, self.target, template.root)
        return {name: self.bucket.put_image(image)}


def parameters(
    template: Template, stage: str, given: settings.Settings, made: dict[str, str]
) -> dict[str, str]:
    """The parameters to set: the stage's committed values, what was ``made``, and what a person gave."""
    return {
        **({"Stage": stage} if "Stage" in template.parameters else {}),
        **stages.values(template, stage),
        **made,
        **given.get(template.stack, {}),
    }
