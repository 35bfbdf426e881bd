"""What the template promises of bulk imports on AWS, whatever the emulator makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.test_template import TEMPLATE, allowed, of_type

MACHINE = TEMPLATE.resources["BulkImport"]["Properties"]
STATES: dict[str, dict[str, Any]] = MACHINE["Definition"]["States"]
TASK = TEMPLATE.resources["BulkImportTask"]["Properties"]
(CONTAINER,) = TASK["ContainerDefinitions"]


def statement(role: str, sid: str) -> dict[str, Any]:
    (policy,) = of_type("AWS::IAM::Role")[role]["Policies"]
    (found,) = (each for each in policy["PolicyDocument"]["Statement"] if each["Sid"] == sid)
    return dict(found)


@pytest.mark.parametrize("service", ["s3", "dynamodb", "sns", "ssm", "kms"])
def test_the_task_may_do_what_the_function_may(service: str) -> None:
    assert allowed("BulkImportTaskRole", service) == allowed("ImportCsvRole", service)


def test_the_task_has_no_queue() -> None:
    assert allowed("BulkImportTaskRole", "sqs") == set()


def test_without_an_image_there_is_no_container_and_nobody_may_start_one() -> None:
    conditional = {
        name for name, found in TEMPLATE.resources.items() if found.get("Condition") == "HasBulkImage"
    }
    made = {name for name, found in TEMPLATE.resources.items() if found["Type"].startswith("AWS::ECS")}
    assert made | {"BulkImport", "BulkImportRole", "LeaveLargeUploadsPolicy"} <= conditional
    (arn,) = (
        function["Environment"]["Variables"]["BULK_IMPORT_ARN"]
        for name, function in of_type("AWS::Serverless::Function").items()
        if name == "ImportCsvFunction"
    )
    assert arn == {"Fn::If": ["HasBulkImage", {"Ref": "BulkImport"}, ""]}
    assert TEMPLATE.parameters["BulkImage"]["Default"] == ""


def test_a_task_that_fails_is_tried_again_later_and_later() -> None:
    for name in ("Import", "SetAside"):
        (retry,) = STATES[name]["Retry"]
        assert retry["JitterStrategy"] == "FULL", name
        assert retry["BackoffRate"] >= 2
        assert retry["MaxAttempts"] >= 5
        assert retry["MaxDelaySeconds"] <= 600
    (retry,) = STATES["Import"]["Retry"]
    # The first stands for every error but the second.
    assert retry["ErrorEquals"] == ["States.TaskFailed", "States.Timeout"]


def test_what_fails_for_good_is_set_aside_with_all_that_a_redrive_needs_and_shows_as_failed() -> None:
    (catch,) = STATES["Import"]["Catch"]
    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "SetAside")
    said = STATES["SetAside"]["Parameters"]
    assert MACHINE["DefinitionSubstitutions"]["DeadLetterQueueUrl"] == {"Ref": "ImportDeadLetterQueue"}
    names = {"stateMachineArn.$", "executionArn.$", "input.$", "error.$", "cause.$"}
    assert said["MessageBody"].keys() == names
    assert STATES[STATES["SetAside"]["Next"]]["Type"] == "Fail"


def test_it_waits_for_its_task_and_hands_it_the_event() -> None:
    assert STATES["Import"]["Resource"] == "arn:aws:states:::ecs:runTask.sync"
    (override,) = STATES["Import"]["Parameters"]["Overrides"]["ContainerOverrides"]
    assert override["Name"] == CONTAINER["Name"]
    assert override["Command.$"] == "States.Array('--event', States.JsonToString($))"


def test_the_container_can_change_nothing_but_what_its_role_lets_it() -> None:
    assert CONTAINER["ReadonlyRootFilesystem"] is True
    assert CONTAINER["LinuxParameters"] == {"Capabilities": {"Drop": ["ALL"]}}
    assert CONTAINER["User"].split(":")[0] not in ("0", "root")
    assert not {"PortMappings", "Secrets", "Privileged"} & CONTAINER.keys()


def test_the_container_has_the_settings_that_the_process_asks_for() -> None:
    from wotr_workers.imports.desk import DeskSettings

    given = {each["Name"]: each["Value"] for each in CONTAINER["Environment"]}
    asked = {str(field.alias or name.upper()) for name, field in DeskSettings.model_fields.items()}
    assert asked <= given.keys()
    function = of_type("AWS::Serverless::Function")["ImportCsvFunction"]["Environment"]["Variables"]
    same = asked & function.keys()
    assert {name: given[name] for name in same} == {name: function[name] for name in same}
    # The SDK reads this one; Fargate itself sets only AWS_REGION.
    assert given["AWS_DEFAULT_REGION"] == {"Ref": "AWS::Region"}


def test_the_container_is_given_time_to_end_a_batch() -> None:
    from wotr_workers.imports.lease import MARGIN

    assert MARGIN.total_seconds() < CONTAINER["StopTimeout"] <= 120


def test_its_machine_runs_its_own_task_in_its_own_cluster_only() -> None:
    run = statement("BulkImportRole", "RunTask")
    assert run["Condition"] == {"ArnEquals": {"ecs:cluster": {"Fn::GetAtt": ["BulkImportCluster", "Arn"]}}}
    family = TASK["Family"]["Fn::Sub"]
    assert run["Resource"]["Fn::Sub"].endswith(f":task-definition/{family}:*")
    passed = statement("BulkImportRole", "GiveTheTaskItsRoles")["Resource"]
    assert passed == [TASK["ExecutionRoleArn"], TASK["TaskRoleArn"]]


def test_earlier_revisions_stay_for_executions_that_began_with_them() -> None:
    assert TEMPLATE.resources["BulkImportTask"]["UpdateReplacePolicy"] == "Retain"


def test_images_cannot_be_replaced_under_their_tag_and_are_scanned() -> None:
    (repository,) = of_type("AWS::ECR::Repository").values()
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert repository["EncryptionConfiguration"]["EncryptionType"] == "KMS"


def test_somebody_is_told_when_an_execution_fails() -> None:
    about = {"Name": "StateMachineArn", "Value": {"Ref": "BulkImport"}}
    (alarm,) = (
        each for each in of_type("AWS::CloudWatch::Alarm").values() if about in each.get("Dimensions", [])
    )
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ExecutionsFailed", 0)
