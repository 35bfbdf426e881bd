"""Deploy actions of pipelines by CloudFormation.

An empty change set succeeds, and executing it does nothing and succeeds: pipelines deploy what a commit did
not touch, too. A stack whose first deployment failed is in ROLLBACK_COMPLETE and takes no change set; like on
AWS somebody deletes it first. The roles are asked as on AWS: the action's for the calls and for passing
``RoleArn``.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from localcloud import service_roles
from localcloud.pipelines import artifact_store, stack_inputs, stack_progress
from localcloud.pipelines.actions import Action, Outcome

CONFIGURATION = frozenset(
    {
        "ActionMode",
        "StackName",
        "ChangeSetName",
        "TemplatePath",
        "TemplateConfiguration",
        "ParameterOverrides",
        "Capabilities",
        "RoleArn",
        "OutputFileName",
    }
)
REQUIRED = frozenset({"ActionMode", "StackName"})
TOUCHES = service_roles.TOUCHES

_TEMPLATE = {"TemplatePath", "RoleArn"}
_TEMPLATE_OPTIONS = {"TemplateConfiguration", "ParameterOverrides", "Capabilities"}
# By mode: the keys that it needs, and those that it may have.
_KEYS: dict[str, tuple[set[str], set[str]]] = {
    "CHANGE_SET_REPLACE": ({"ChangeSetName", *_TEMPLATE}, _TEMPLATE_OPTIONS),
    "CHANGE_SET_EXECUTE": ({"ChangeSetName"}, {"OutputFileName"}),
    "CREATE_UPDATE": (_TEMPLATE, {"OutputFileName", *_TEMPLATE_OPTIONS}),
    "DELETE_ONLY": ({"RoleArn"}, set()),
}
_CAPABILITIES = {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"}
# CloudFormation has no code for nothing to do, only these reasons.
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_BODY_BYTES, _OVERRIDE_BYTES = 51_200, 1024


def problems(configuration: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the values of a configuration."""
    mode = configuration["ActionMode"]
    if mode not in _KEYS:
        yield f"ActionMode {mode} is not there on the local cloud: {', '.join(_KEYS)} are"
        return
    needed, possible = _KEYS[mode]
    yield from (f"{key} is missing, which {mode} needs" for key in sorted(needed - set(configuration)))
    surplus = set(configuration) - needed - possible - REQUIRED
    yield from (f"{key} has no effect on {mode}" for key in sorted(surplus))
    unknown = set(_capabilities(configuration)) - _CAPABILITIES
    yield from (f"{name} is no capability" for name in sorted(unknown))
    if len(configuration.get("ParameterOverrides", "").encode()) > _OVERRIDE_BYTES:
        yield f"ParameterOverrides has more than {_OVERRIDE_BYTES} bytes"


def run(action: Action) -> Outcome:
    """Do what the mode says and wait for its end."""
    try:
        return _MODES[action.configuration["ActionMode"]](_Stack(action))
    except stack_progress.Stopped:
        return Outcome("Abandoned", "CloudFormation goes on with it; nobody waits for its end any longer")
    except stack_inputs.BadInput as error:
        return Outcome("Failed", str(error), code="ConfigurationError")
    except ClientError as error:
        said = error.response["Error"]
        denied = said["Code"] in ("AccessDenied", "AccessDeniedException")
        return Outcome("Failed", said["Message"], code="PermissionError" if denied else "JobFailed")


class _Stack:
    """The stack of an action, seen with the action's role."""

    def __init__(self, action: Action) -> None:
        self.action = action
        self.configuration = action.configuration
        self.name = action.configuration["StackName"]
        self.client: Any = service_roles.client("cloudformation", dict(action.variables))
        self.now = stack_progress.describe(self.client, self.name)

    @property
    def is_new(self) -> bool:
        return self.now is None or self.now["StackStatus"] == "REVIEW_IN_PROGRESS"

    def must_be_updatable(self) -> None:
        if self.is_new or self.now is None or self.now["StackStatus"] in stack_progress.STABLE:
            return
        status = self.now["StackStatus"]
        advice = ""
        if status == "ROLLBACK_COMPLETE":
            command = f"aws cloudformation delete-stack --stack-name {self.name}"
            advice = f" Its first deployment failed; delete it and try again: {command}"
        raise stack_inputs.BadInput(
            f"Stack:{self.now['StackId']} is in {status} state and can not be updated.{advice}"
        )

    def request(self) -> dict[str, Any]:
        """Template, parameters, tags, role and capabilities, as CloudFormation takes them."""
        inputs = stack_inputs.read(self.action)
        request: dict[str, Any] = {
            "StackName": self.name,
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value} for key, value in inputs.parameters.items()
            ],
            "Capabilities": _capabilities(self.configuration),
            "RoleARN": self.configuration["RoleArn"],
        }
        if inputs.tags is not None:
            request["Tags"] = [{"Key": key, "Value": value} for key, value in inputs.tags.items()]
        return request | self._template(inputs)

    def _template(self, inputs: stack_inputs.Inputs) -> dict[str, str]:
        """The template itself, or where it lies beside its artifact if a call cannot hold it."""
        if len(inputs.template) <= _BODY_BYTES:
            return {"TemplateBody": inputs.template.decode("utf-8", "replace")}
        location = inputs.location
        key = f"{location.key}.{inputs.file}"
        artifact_store.put(self.action.variables, replace(location, key=key), inputs.template)
        return {"TemplateURL": f"{self.action.variables['AWS_ENDPOINT_URL']}/{location.bucket}/{key}"}

    def follow(self, stack_id: str, external_id: str) -> Outcome:
        """Wait until the stack is where it was to go, or is not."""
        stack = stack_progress.settled(self.client, stack_id, self.action.stop)
        if stack is None:
            return Outcome("Failed", f"{self.name} was deleted meanwhile", external_id)
        if stack["StackStatus"] not in stack_progress.GOOD:
            return Outcome("Failed", stack_progress.failure(self.client, stack), external_id)
        return self.done(stack, external_id, f"{self.name} is in {stack['StackStatus']}")

    def done(self, stack: Mapping[str, Any], external_id: str, summary: str) -> Outcome:
        """Success, with the stack's outputs as variables and as the output file."""
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        for location in self.action.outputs.values():
            content = io.BytesIO()
            with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(self.configuration["OutputFileName"], json.dumps(outputs))
            artifact_store.put(self.action.variables, location, content.getvalue())
        return Outcome("Succeeded", summary, external_id, variables=outputs)


def _replace_change_set(stack: _Stack) -> Outcome:
    stack.must_be_updatable()
    name = stack.configuration["ChangeSetName"]
    request = stack.request()
    if stack.now is not None:
        stack.client.delete_change_set(StackName=stack.name, ChangeSetName=name)
    kind = "CREATE" if stack.is_new else "UPDATE"
    made = stack.client.create_change_set(**request, ChangeSetName=name, ChangeSetType=kind)["Id"]
    stack.action.tell(made, "", f"the change set {name} is being made")
    for _ in stack_progress.ticks(stack.action.stop):
        found = stack.client.describe_change_set(StackName=stack.name, ChangeSetName=made)
        if found["Status"] == "CREATE_COMPLETE":
            return Outcome("Succeeded", f"{name}: {_counted(stack.client, found)}", made)
        if found["Status"] == "FAILED" and _is_empty(found):
            return Outcome("Succeeded", f"{name}: no changes", made)
        if found["Status"] == "FAILED":
            return Outcome("Failed", f"{name}: {found.get('StatusReason', 'no reason given')}", made)
    raise AssertionError("the ticks go on")


def _execute_change_set(stack: _Stack) -> Outcome:
    name = stack.action.resumes or stack.configuration["ChangeSetName"]
    found = stack.client.describe_change_set(StackName=stack.name, ChangeSetName=name)
    made, status = found["ChangeSetId"], found["ExecutionStatus"]
    if found["Status"] == "FAILED" and _is_empty(found):
        return stack.done(stack.now or {}, made, f"{stack.name} stays as it is: no changes")
    # Told before it is begun: after a restart of the server somebody has to look how it ended.
    stack.action.tell(made, "", f"{stack.name} is being deployed")
    if status == "AVAILABLE":
        stack.client.execute_change_set(StackName=stack.name, ChangeSetName=made)
    elif not (stack.action.resumes and status.startswith("EXECUTE_")):
        reason = found.get("StatusReason") or f"its execution status is {status}"
        return Outcome(
            "Failed", f"the change set {found['ChangeSetName']} cannot be executed: {reason}", made
        )
    return stack.follow(found["StackId"], made)


def _create_or_update(stack: _Stack) -> Outcome:
    if stack.action.resumes:
        return stack.follow(stack.action.resumes, stack.action.resumes)
    stack.must_be_updatable()
    request = stack.request()
    try:
        begin = stack.client.create_stack if stack.is_new else stack.client.update_stack
        stack_id = begin(**request)["StackId"]
    except ClientError as error:
        if stack.now is None or not any(text in error.response["Error"]["Message"] for text in _NO_CHANGES):
            raise
        return stack.done(stack.now, stack.now["StackId"], f"{stack.name} stays as it is: no changes")
    stack.action.tell(stack_id, "", f"{stack.name} is being deployed")
    return stack.follow(stack_id, stack_id)


def _delete(stack: _Stack) -> Outcome:
    stack_id = stack.action.resumes or (stack.now["StackId"] if stack.now else "")
    if not stack_id:
        return Outcome("Succeeded", f"there is no {stack.name}")
    if stack.now is not None and stack.now["StackStatus"] != "DELETE_IN_PROGRESS":
        stack.client.delete_stack(StackName=stack_id, RoleARN=stack.configuration["RoleArn"])
    stack.action.tell(stack_id, "", f"{stack.name} is being deleted")
    left = stack_progress.settled(stack.client, stack_id, stack.action.stop)
    if left is None:
        return Outcome("Succeeded", f"{stack.name} is deleted", stack_id)
    return Outcome("Failed", stack_progress.failure(stack.client, left), stack_id)


_MODES: dict[str, Callable[[_Stack], Outcome]] = {
    "CHANGE_SET_REPLACE": _replace_change_set,
    "CHANGE_SET_EXECUTE": _execute_change_set,
    "CREATE_UPDATE": _create_or_update,
    "DELETE_ONLY": _delete,
}


def _capabilities(configuration: Mapping[str, str]) -> list[str]:
    named = configuration.get("Capabilities", "").split(",")
    return [name.strip() for name in named if name.strip()]


def _is_empty(change_set: Mapping[str, Any]) -> bool:
    return any(text in change_set.get("StatusReason", "") for text in _NO_CHANGES)


def _counted(client: Any, page: dict[str, Any]) -> str:
    """How much the change set changes, in words."""
    changes = list(page.get("Changes", []))
    while page.get("NextToken"):
        page = client.describe_change_set(
            StackName=page["StackName"], ChangeSetName=page["ChangeSetId"], NextToken=page["NextToken"]
        )
        changes += page.get("Changes", [])
    actions = [change["ResourceChange"]["Action"] for change in changes if "ResourceChange" in change]
    replaced = sum(change.get("ResourceChange", {}).get("Replacement") == "True" for change in changes)
    counts = [(actions.count(action), verb) for action, verb in _VERBS]
    said = ", ".join(f"{count} {verb}" for count, verb in counts if count) or "outputs only"
    return f"{said} ({replaced} replaced)" if replaced else said


_VERBS = (("Add", "to add"), ("Modify", "to modify"), ("Remove", "to remove"), ("Import", "to import"))
