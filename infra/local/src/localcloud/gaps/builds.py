"""CodeBuild builds: projects, builds and reports are an API of this endpoint, and builds run.

AWS: a build runs the phases of a buildspec in a container, with the project's role, and tells phases, logs,
reports, artifacts and exported variables.
MiniStack: tells at once that a build has succeeded, and runs nothing.
Bridge: a service of our own. A build is a shell of this machine in a clean directory, with nothing of the
host's environment but where programs and packages are found. It has no container of its own: another user,
Docker, a network, and everything else that is not done is refused by its name.
"""

from __future__ import annotations

from ministack.services.cloudformation import provisioners

from localcloud import services
from localcloud.builds import projects, records, reports, requests, resources
from localcloud.builds.machine import Image
from localcloud.builds.requests import Builds
from localcloud.builds.work import Work
from localcloud.gaps import Settings
from localcloud.services import Body, Service

TOUCHES = (
    *records.TOUCHES,
    *requests.TOUCHES,
    *resources.TOUCHES,
    *services.TOUCHES,
    "ministack.core.responses:request_scope",
)


def apply(settings: Settings) -> None:
    """Serve the API and let CloudFormation make projects and report groups."""
    work = Work(settings.workspace / "builds", Image(settings.build_variables, settings.functions_python))
    work.clear()

    def reset() -> None:
        work.forget()
        records.reset()

    services.register(
        Service(
            model="codebuild",
            operations={**projects.OPERATIONS, **Builds(work).operations, **reports.OPERATIONS},
            resource=_resource,
            save=records.save,
            load=records.load,
            reset=reset,
        )
    )
    provisioners._RESOURCE_HANDLERS.update(resources.HANDLERS)


def _resource(operation: str, request: Body) -> str:
    """The project of a project or a build, the group of a group or a report."""
    if "arn" in request or operation in ("DescribeTestCases", "DescribeCodeCoverages"):
        return records.arn(f"report-group/{reports.group_key(request.get('arn') or request['reportArn'])}")
    for arns in ("reportGroupArns", "reportArns"):
        if request.get(arns):
            return records.arn(f"report-group/{reports.group_key(request[arns][0])}")
    if "reportGroupArn" in request:
        return records.arn(f"report-group/{reports.group_key(request['reportGroupArn'])}")
    if operation == "CreateReportGroup":
        return records.arn(f"report-group/{request['name']}")
    named = request.get("projectName") or request.get("name") or request.get("id")
    named = named or (request.get("ids") or request.get("names") or [""])[0]
    if not named:
        return "*"
    project = named.partition(":build/")[2] or named.partition(":project/")[2] or named
    return records.arn(f"project/{project.partition(':')[0]}")
