"""Calls that services make with a role, derived from what the templates ask of them.

The local cloud asks no role for these, so nothing records them. Such a grant has to follow from the template:
without a queue behind a function, no right to receive. What the template asks for and no statement grants is
missing.

Sources: "Using Lambda with Amazon SQS" and "… with DynamoDB streams", "Retaining records in S3", "Giving
Lambda functions access to resources in a VPC" (Lambda);
"Key management" of SQS, SNS and DynamoDB; "Logging using CloudWatch Logs" and "X-Ray" (Step Functions);
"Task execution IAM role" (ECS); "Grant Firehose access to an Amazon S3 destination"; "Publish flow logs to
CloudWatch Logs"; "Amazon SNS topic delivery status"; "Sending events to CloudWatch Logs" (CloudTrail).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from deploy.templates import Template
from privileges.names import Names
from privileges.roles import FUNCTIONS, Grant, Role
from privileges.workflows import steps

LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
TRACES = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
_SAMPLING = ("xray:GetSamplingRules", "xray:GetSamplingTargets")
_DELIVERIES = tuple(f"logs:{verb}LogDelivery" for verb in ("Create", "Delete", "Get", "Update"))
_READ, _WRITE = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
# What the use of an encrypted thing asks of its key. DynamoDB has the table's key decrypted for its caller
# once in a while, whatever is done to the table.
_KEY_FOR = {
    "dynamodb:": _READ,
    "s3:AbortMultipartUpload": _WRITE,
    "s3:GetObject": _READ,
    "s3:PutObject": ("kms:GenerateDataKey",),
    "secretsmanager:GetSecretValue": _READ,
    "secretsmanager:PutSecretValue": _WRITE,
    "sns:Publish": _WRITE,
    "sqs:ReceiveMessage": _READ,
    "sqs:SendMessage": _WRITE,
}
_KEY_OF = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
}


@dataclass(frozen=True)
class Need:
    """A call that a service makes with ``role``, and the sentence that says so."""

    role: str
    action: str
    resource: str
    why: str

    def met_by(self, grant: Grant) -> bool:
        """Whether ``grant`` lets it happen, or is a wider or narrower pattern for the same."""
        return (
            (self.role, self.action) == (grant.role, grant.action)
            and self.resource.split("*")[0].rstrip("/") == grant.resource.split("*")[0].rstrip("/")
            and (fnmatchcase(self.resource, grant.resource) or fnmatchcase(grant.resource, self.resource))
        )


def read(templates: Sequence[Template], names: Names, roles: Mapping[str, Role]) -> list[Need]:
    """Everything that services do with roles of ``templates``."""
    found: list[Need] = []
    for template in templates:
        shared = (template.body.get("Globals") or {}).get("Function") or {}
        for name, resource in template.resources.items():
            properties = resource.get("Properties") or {}
            if resource["Type"] in FUNCTIONS:
                properties = {**shared, **properties}
            made = _MADE.get(resource["Type"])
            for role, actions, what, why in made(template, name, properties, names) if made else ():
                found += [Need(names.of(template, role), action, what, why) for action in actions]
    return [*dict.fromkeys([*found, *_keys(templates, names, roles)])]


Made = tuple[Any, Sequence[str], str, str]


def _schedule(template: Template, _name: str, properties: Mapping[str, Any], names: Names) -> Iterator[Made]:
    target = properties["Target"]
    role, actions = target["RoleArn"], ["sqs:SendMessage"]
    yield role, actions, names.of(template, target["Arn"]), "Scheduler tells its target"
    kept = target["DeadLetterConfig"]["Arn"]
    yield role, actions, names.of(template, kept), "Scheduler keeps what its target refuses"


def _subscription(
    template: Template, _name: str, properties: Mapping[str, Any], names: Names
) -> Iterator[Made]:
    stream = names.of(template, properties["DestinationArn"])
    actions = ["firehose:PutRecord", "firehose:PutRecordBatch"]
    yield properties["RoleArn"], actions, stream, "CloudWatch Logs passes lines on"


def _flow_log(template: Template, _name: str, properties: Mapping[str, Any], names: Names) -> Iterator[Made]:
    group = names.of(template, properties["LogGroupName"])
    actions = ["logs:DescribeLogStreams", *LOGS]
    yield properties["DeliverLogsPermissionArn"], actions, group, "the network's flows are logged"


def _topic(template: Template, name: str, properties: Mapping[str, Any], _names: Names) -> Iterator[Made]:
    topic = f"{template.stack_pattern.replace('${Stage}', '<stage>')}-{name}-*"
    group = f"logs:log-group:sns/${{AWS::Region}}/${{AWS::AccountId}}/{topic}"
    for logging in properties.get("DeliveryStatusLogging") or []:
        for role in (logging["SuccessFeedbackRoleArn"], logging["FailureFeedbackRoleArn"]):
            yield role, ["logs:CreateLogGroup", *LOGS], group, "SNS logs its deliveries"


def _function(template: Template, _name: str, properties: Mapping[str, Any], names: Names) -> Iterator[Made]:
    role = properties["Role"]
    group = names.of(template, properties["LoggingConfig"]["LogGroup"])
    yield role, LOGS, group, "Lambda writes the function's log"
    if properties.get("Tracing") == "Active":
        yield role, TRACES, "*", "Lambda and the X-Ray SDK's daemon send traces"
    if "VpcConfig" in properties:
        yield role, INTERFACES, "*", "Lambda puts the function into its network"
    for event in (properties.get("Events") or {}).values():
        source = event.get("Properties") or {}
        match event["Type"]:
            case "SQS":
                queue = names.of(template, source["Queue"])
                actions = [
                    f"sqs:{verb}" for verb in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
                ]
                yield role, actions, queue, "Lambda polls the queue"
            case "DynamoDB":
                stream = names.of(template, source["Stream"])
                verbs = ("DescribeStream", "GetRecords", "GetShardIterator")
                yield role, [f"dynamodb:{verb}" for verb in verbs], stream, "Lambda reads the stream"
                yield role, ["dynamodb:ListStreams"], f"{stream}/*", "Lambda finds the stream"
                yield from _given_up(template, role, source, names)


def _given_up(template: Template, role: Any, source: Mapping[str, Any], names: Names) -> Iterator[Made]:
    destination = names.of(template, source["DestinationConfig"]["OnFailure"]["Destination"])
    if template.resources[destination.partition(".")[2]]["Type"] == "AWS::S3::Bucket":
        yield role, ["s3:ListBucket"], destination, "Lambda looks for the bucket of what it gives up"
        yield role, ["s3:PutObject"], f"{destination}/aws/lambda/*", "Lambda keeps what it gives up"
    else:
        yield role, ["sqs:SendMessage"], destination, "Lambda keeps what it gives up"


def _workflow(template: Template, _name: str, properties: Mapping[str, Any], names: Names) -> Iterator[Made]:
    role = properties.get("RoleArn") or properties["Role"]
    for step in steps(template, properties, names):
        yield role, step.actions, step.resource, "Step Functions does a step"
    if properties.get("LoggingConfiguration") or properties.get("Logging"):
        why = "Step Functions has its log delivered"
        yield role, [*_DELIVERIES, "logs:ListLogDeliveries"], "*", why
        policies = ["logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy"]
        yield role, policies, "logs:*", why
    if (properties.get("TracingConfiguration") or properties.get("Tracing") or {}).get("Enabled"):
        yield role, [*TRACES, *_SAMPLING], "*", "Step Functions sends traces"
    encryption = properties.get("EncryptionConfiguration")
    if encryption:
        yield role, _WRITE, names.of(template, encryption["KmsKeyId"]), "Step Functions encrypts executions"


def _task(template: Template, _name: str, properties: Mapping[str, Any], names: Names) -> Iterator[Made]:
    role, why = properties["ExecutionRoleArn"], "Fargate pulls the image"
    yield role, ["ecr:GetAuthorizationToken"], "*", why
    for name, resource in template.resources.items():
        if resource["Type"] == "AWS::ECR::Repository":
            actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
            yield role, actions, f"{template.stack}.{name}", why
    for container in properties["ContainerDefinitions"]:
        group = names.of(template, container["LogConfiguration"]["Options"]["awslogs-group"])
        yield role, LOGS, group, "Fargate writes the container's log"


def _delivery(template: Template, _name: str, properties: Mapping[str, Any], names: Names) -> Iterator[Made]:
    destination = properties["ExtendedS3DestinationConfiguration"]
    role, bucket = destination["RoleARN"], names.of(template, destination["BucketARN"])
    why = "Firehose writes objects"
    looks = ("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads")
    yield role, [f"s3:{verb}" for verb in looks], bucket, why
    writes = ("AbortMultipartUpload", "GetObject", "PutObject")
    yield role, [f"s3:{verb}" for verb in writes], f"{bucket}/*", why
    group = names.of(template, destination["CloudWatchLoggingOptions"]["LogGroupName"])
    yield role, ["logs:PutLogEvents"], group, "Firehose logs its errors"


def _trail(template: Template, _name: str, properties: Mapping[str, Any], names: Names) -> Iterator[Made]:
    if "CloudWatchLogsRoleArn" in properties:
        group = names.of(template, properties["CloudWatchLogsLogGroupArn"])
        stream = "${AWS::AccountId}_CloudTrail_${AWS::Region}*"
        where = f"logs:log-group:{group}:log-stream:{stream}"
        yield properties["CloudWatchLogsRoleArn"], LOGS, where, "CloudTrail writes the trail into its log"


# What each type of resource has services do: (role, actions, resource, sentence).
_MADE: dict[str, Callable[[Template, str, Mapping[str, Any], Names], Iterator[Made]]] = {
    "AWS::CloudTrail::Trail": _trail,
    "AWS::EC2::FlowLog": _flow_log,
    "AWS::ECS::TaskDefinition": _task,
    "AWS::KinesisFirehose::DeliveryStream": _delivery,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::SubscriptionFilter": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::Serverless::Function": _function,
    "AWS::Serverless::StateMachine": _workflow,
    "AWS::StepFunctions::StateMachine": _workflow,
}


def _keys(templates: Sequence[Template], names: Names, roles: Mapping[str, Role]) -> Iterator[Need]:
    """The key of each encrypted thing, for whoever may use that thing."""
    encrypted = dict(_encrypted(templates, names))
    for role in roles.values():
        for grant in role.grants:
            thing = grant.resource.partition("/")[0]
            for prefix, actions in _KEY_FOR.items():
                if thing in encrypted and grant.action.startswith(prefix):
                    for action in actions:
                        yield Need(
                            role.name, action, encrypted[thing], "what it may use is encrypted with the key"
                        )


def _encrypted(templates: Sequence[Template], names: Names) -> Iterator[tuple[str, str]]:
    """(thing, its key) of all that is encrypted with a key of ours."""
    for template in templates:
        for name, resource in template.resources.items():
            key: Any = resource.get("Properties") or {}
            if resource["Type"] == "AWS::S3::Bucket":
                (rule,) = key["BucketEncryption"]["ServerSideEncryptionConfiguration"]
                key = rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID")
            else:
                for part in _KEY_OF.get(resource["Type"], ("",)):
                    key = key.get(part) if isinstance(key, dict) else None
            if key:
                yield f"{template.stack}.{name}", names.of(template, key)
