"""What CloudFormation's role in a pipeline needs, from the handlers of the resource types in our templates.

CloudFormation publishes with each type which actions its handlers call, and cfn-lint brings that. They name
more than we need, because a handler serves every property of its type: what belongs to properties that no
template of ours has is left out, each with its reason. What they do not name is added.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

REGION = "eu-central-1"
# What SAM makes of its types, with what it makes beside them
SAM = {
    "AWS::Serverless::Function": (
        "AWS::Lambda::Function",
        "AWS::Lambda::Version",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Permission",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Events::Rule",
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentGroup",
    ),
    "AWS::Serverless::Api": (
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::Stage",
    ),
    "AWS::Serverless::LayerVersion": ("AWS::Lambda::LayerVersion",),
    "AWS::Serverless::StateMachine": ("AWS::StepFunctions::StateMachine", "AWS::Events::Rule"),
}
_OTHERS = "web ACLs stand before API Gateway only"
_SPELLING = "no action of IAM has this name"
_DATA = "data belongs to the functions and to who queries"
_UNUSED = "no template has the property that this is for"
LEFT_OUT = {
    "amplify:*": _OTHERS,
    "apprunner:*": _OTHERS,
    "appsync:*": _OTHERS,
    "bedrock-agentcore:*": _OTHERS,
    "elasticloadbalancing:*": _OTHERS,
    "ec2:*VerifiedAccess*": _OTHERS,
    "cognito-idp:*WebACL*": _OTHERS,
    "wafv2:*PermissionPolicy": _OTHERS,
    "iam:DescribeOrganization": _SPELLING,
    "s3:REST.PUT.OBJECT": _SPELLING,
    "s3:GetObjectMetadata": _SPELLING,
    "s3:getObject": _SPELLING,
    "s3:DeleteBucketCors": _SPELLING,
    "s3:DeleteBucketEncryption": _SPELLING,
    "s3:DeleteBucketLifecycle": _SPELLING,
    "s3:PutObjectLockConfiguration": _SPELLING,
    "kms:ReEncrypt": _SPELLING,
    "apigateway:*agResource": "tags of an API are set by its own verbs",
    "dynamodb:*Item": _DATA,
    "dynamodb:Query": _DATA,
    "dynamodb:Scan": _DATA,
    "s3:*MultipartUpload*": _DATA,
    "s3:DeleteObject": _DATA,
    "s3:PutObject": _DATA,
    "s3:PutObjectAcl": _DATA,
    "logs:PutLogEvents": _DATA,
    "cloudwatch:GetMetricData": _DATA,
    "iam:*Group*": "nobody of ours is in a group of IAM",
    "iam:*User*": "templates make no users",
    "iam:DeleteRolePermissionsBoundary": "a role keeps its boundary",
    "autoscaling:*": _UNUSED,
    "billing:*": _UNUSED,
    "cloudfront:*": _UNUSED,
    "elasticfilesystem:*": _UNUSED,
    "kinesis:*": _UNUSED,
    "lakeformation:*": _UNUSED,
    "organizations:*": _UNUSED,
    "payments:*": _UNUSED,
    "s3files:*": _UNUSED,
    "s3tables:*": _UNUSED,
    "vpc-lattice:*": _UNUSED,
    "vpce:*": _UNUSED,
    "application-autoscaling:*ScheduledAction": _UNUSED,
    "cloudtrail:*EventConfiguration": _UNUSED,
    "cloudtrail:PutInsightSelectors": _UNUSED,
    "codedeploy:RegisterOnPremisesInstance": _UNUSED,
    "dynamodb:*Replica": _UNUSED,
    "dynamodb:*Import*": _UNUSED,
    "dynamodb:*ableKinesisStreamingDestination": _UNUSED,
    "dynamodb:UpdateKinesisStreamingDestination": _UNUSED,
    "dynamodb:UpdateContributorInsights": _UNUSED,
    "dynamodb:*teResourcePolicy": _UNUSED,
    "dynamodb:PutResourcePolicy": _UNUSED,
    "ec2:*VpnGateway": _UNUSED,
    "ec2:CreateVpcEncryptionControl": _UNUSED,
    "ec2:ModifyVpcTenancy": _UNUSED,
    "ec2:*ssociateSubnetCidrBlock": _UNUSED,
    "ecs:PutAccountSetting*": _UNUSED,
    "glue:*Connection": _UNUSED,
    "glue:GetSchemaVersion": _UNUSED,
    "lambda:*CapacityProvider": _UNUSED,
    "lambda:AssociateRuntimeAlias": _UNUSED,
    "lambda:DeleteFunctionCodeSigningConfig": _UNUSED,
    "lambda:PutFunctionCodeSigningConfig": _UNUSED,
    "lambda:PutFunctionRecursionConfig": _UNUSED,
    "lambda:PutFunctionScalingConfig": _UNUSED,
    "lambda:*teProvisionedConcurrencyConfig": _UNUSED,
    "lambda:PutProvisionedConcurrencyConfig": _UNUSED,
    "logs:*teDataProtectionPolicy": _UNUSED,
    "logs:PutDataProtectionPolicy": _UNUSED,
    "logs:*teIndexPolicy": _UNUSED,
    "logs:PutIndexPolicy": _UNUSED,
    "logs:PutBearerTokenAuthentication": _UNUSED,
    "logs:PutLogGroupDeletionProtection": _UNUSED,
    "s3:*Accelerate*": _UNUSED,
    "s3:PutAnalyticsConfiguration": _UNUSED,
    "s3:DeleteBucketAnalyticsConfiguration": _UNUSED,
    "s3:*MetadataTableConfiguration": _UNUSED,
    "s3:UpdateBucketMetadata*": _UNUSED,
    "s3:PutBucketAbac": _UNUSED,
    "s3:PutBucketAcl": _UNUSED,
    "s3:*teBucketReplication": _UNUSED,
    "s3:PutBucketReplication": _UNUSED,
    "s3:PutReplicationConfiguration": _UNUSED,
    "s3:DeleteBucketWebsite": _UNUSED,
    "s3:PutBucketWebsite": _UNUSED,
    "s3:PutIntelligentTieringConfiguration": _UNUSED,
    "s3:PutInventoryConfiguration": _UNUSED,
    "s3:*MetricsConfiguration": _UNUSED,
    "secretsmanager:*Region*": _UNUSED,
    "sns:PutDataProtectionPolicy": _UNUSED,
}
ADDED = {
    "cloudformation:CreateChangeSet": "the macro of SAM, which templates name as their transform",
    "iam:ListRoleTags": "a role's tags are compared before they are changed",
    "lambda:ListTags": "so are a function's",
    "s3:GetAccelerateConfiguration": "buckets are read whole",
    "s3:GetMetricsConfiguration": "so are their metrics",
    "s3:GetBucketMetadataTableConfiguration": "and their tables",
    "s3:GetBucketPolicyStatus": "whether a bucket's policy makes it public",
}


def plain_types(types: Iterable[str]) -> set[str]:
    """Return the types that CloudFormation makes of a template with these."""
    return {plain for each in types for plain in SAM.get(each, (each,))}


def needed(types: Iterable[str]) -> dict[str, set[str]]:
    """Return the actions that resources of these types need, each with the types that need it."""
    found: dict[str, set[str]] = {action: {reason} for action, reason in ADDED.items()}
    for kind in plain_types(types):
        for action in _handlers(kind):
            service, _, name = action.partition(":")
            spelled = f"{service.lower()}:{name}"
            if not any(fnmatchcase(spelled, pattern) for pattern in LEFT_OUT):
                found.setdefault(spelled, set()).add(kind)
    return found


def unused(types: Iterable[str]) -> set[str]:
    """Return the patterns that leave nothing out any longer."""
    every = {action for kind in plain_types(types) for action in _handlers(kind)}
    every = {f"{action.partition(':')[0].lower()}:{action.partition(':')[2]}" for action in every}
    return {pattern for pattern in LEFT_OUT if not any(fnmatchcase(each, pattern) for each in every)}


def _handlers(kind: str) -> set[str]:
    schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    steps = ("create", "read", "update", "delete")
    handlers = schema.get("handlers", {})
    return {action for step in steps for action in handlers.get(step, {}).get("permissions", [])}
