"""What the system of record promises, whatever the emulator makes of it."""

from __future__ import annotations

from typing import Any

import pytest

PLATFORM_KEY = {"Fn::ImportValue": "wotr-platform-dev-KeyArn"}
TABLE = "WorkoutsTable"
BUCKETS = ["UploadsBucket", "MediaBucket"]


def scaled(data: Any) -> dict[tuple[str, str], tuple[Any, Any, Any]]:
    """(resource, dimension) to (fewest, most, percent) of what is scaled by a policy."""
    policies = {
        policy["Properties"]["ScalingTargetId"]["Ref"]: policy["Properties"]
        for policy in data.of_type("AWS::ApplicationAutoScaling::ScalingPolicy").values()
    }
    result = {}
    for name, target in data.of_type("AWS::ApplicationAutoScaling::ScalableTarget").items():
        properties = target["Properties"]
        tracking = policies[name]["TargetTrackingScalingPolicyConfiguration"]
        dimension = properties["ScalableDimension"]
        kind = "Read" if "Read" in dimension else "Write"
        metric = tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]
        assert metric == f"DynamoDB{kind}CapacityUtilization", f"{name} scales by the wrong metric"
        limits = (properties["MinCapacity"], properties["MaxCapacity"], tracking["TargetValue"])
        result[properties["ResourceId"], dimension] = limits
    return result


def test_on_demand_provisions_and_scales_nothing(render: Any) -> None:
    data = render("data", CapacityMode="on-demand")
    table = data.properties(TABLE)
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert not any("ProvisionedThroughput" in part for part in [table, *table["GlobalSecondaryIndexes"]])
    assert scaled(data) == {}


def test_provisioned_scales_the_table_and_every_index_from_10_to_50_at_70_percent(render: Any) -> None:
    data = render("data", CapacityMode="provisioned")
    table = data.properties(TABLE)
    assert table["BillingMode"] == "PROVISIONED"
    start = {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10}
    assert all(part["ProvisionedThroughput"] == start for part in [table, *table["GlobalSecondaryIndexes"]])
    name = f"table/${{{TABLE}}}"
    indexes = [f"{name}/index/{index['IndexName']}" for index in table["GlobalSecondaryIndexes"]]
    parts = [(name, "table"), *((index, "index") for index in indexes)]
    kinds = ("Read", "Write")
    wanted = {(part, f"dynamodb:{level}:{kind}CapacityUnits") for part, level in parts for kind in kinds}
    assert scaled(data) == dict.fromkeys(wanted, (10, 50, 70))


def test_the_limits_of_scaling_are_parameters(render: Any) -> None:
    limits = {"MinCapacity": "20", "MaxCapacity": "400", "TargetUtilization": "60"}
    data = render("data", CapacityMode="provisioned", **limits)
    assert set(scaled(data).values()) == {("20", "400", "60")}


def test_the_table_can_be_restored_and_tells_both_sides_of_a_change(render: Any) -> None:
    table = render("data").properties(TABLE)
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}


@pytest.mark.parametrize(("stage", "protected"), [("dev", False), ("prod", True)])
def test_only_the_table_of_prod_refuses_deletion(render: Any, stage: str, protected: bool) -> None:
    assert render("data", stage).properties(TABLE)["DeletionProtectionEnabled"] is protected


def test_what_holds_data_outlives_its_stack_and_a_replacement(render: Any) -> None:
    stateful = render("data").of_type("AWS::DynamoDB::Table", "AWS::S3::Bucket")
    assert stateful.keys() == {TABLE, *BUCKETS}
    for name, resource in stateful.items():
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


def test_data_at_rest_is_encrypted_with_the_platform_key(render: Any) -> None:
    data = render("data")
    encryption = data.properties(TABLE)["SSESpecification"]
    assert encryption == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": PLATFORM_KEY}
    for bucket in BUCKETS:
        (rule,) = data.properties(bucket)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": PLATFORM_KEY}
        assert (rule["ServerSideEncryptionByDefault"], rule["BucketKeyEnabled"]) == (by_default, True)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_private_versioned_logged_and_announces_its_objects(render: Any, bucket: str) -> None:
    properties = render("data").properties(bucket)
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["NotificationConfiguration"]["EventBridgeConfiguration"] == {"EventBridgeEnabled": True}
    destination = properties["LoggingConfiguration"]["DestinationBucketName"]
    assert destination == {"Fn::ImportValue": "wotr-platform-dev-AccessLogBucketName"}


def policy(data: Any, bucket: str) -> dict[str, Any]:
    """The statements of the bucket's policy by Sid; all of them refuse."""
    found = data.of_type("AWS::S3::BucketPolicy").values()
    (said,) = [each["Properties"] for each in found if each["Properties"]["Bucket"] == {"Ref": bucket}]
    statements = {each["Sid"]: each for each in said["PolicyDocument"]["Statement"]}
    assert all((each["Effect"], each["Principal"]) == ("Deny", "*") for each in statements.values())
    return statements


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_refuses_plain_http_for_itself_and_its_objects(render: Any, bucket: str) -> None:
    assert policy(render("data"), bucket)["TlsOnly"] == {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::GetAtt": [bucket, "Arn"]}, f"${{{bucket}.Arn}}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_only_the_signer_of_forms_and_trusted_writers_put_objects(render: Any, bucket: str) -> None:
    signer = "arn:aws:iam::111122223333:role/wotr-api-dev-ChangeRole-*"
    trusted = ["arn:aws:iam::111122223333:role/operator", "arn:aws:iam::111122223333:user/ada"]

    alone = policy(render("data"), bucket)["KnownWritersOnly"]
    with_others = policy(render("data", TrustedWriters=",".join(trusted)), bucket)["KnownWritersOnly"]

    assert "s3:PutObject" in alone["Action"]
    assert alone["Resource"] == f"${{{bucket}.Arn}}/*"
    assert alone["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": signer}}
    assert with_others["Condition"] == {
        "ArnNotLike": {"aws:PrincipalArn": signer},
        "ArnNotEquals": {"aws:PrincipalArn": trusted},
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_an_object_is_encrypted_by_the_platform_key_or_not_taken(render: Any, bucket: str) -> None:
    statements = policy(render("data"), bucket)
    header = "s3:x-amz-server-side-encryption"

    assert statements["NoOtherEncryption"]["Condition"] == {
        "Null": {header: "false"},
        "StringNotEquals": {header: "aws:kms"},
    }
    assert statements["NoOtherKey"]["Condition"] == {
        "Null": {f"{header}-aws-kms-key-id": "false"},
        "ArnNotEquals": {f"{header}-aws-kms-key-id": PLATFORM_KEY},
    }
    assert statements["NoKeyOfTheCallersOwn"]["Condition"] == {
        "Null": {f"{header}-customer-algorithm": "false"}
    }
    for sid in ("NoOtherEncryption", "NoOtherKey", "NoKeyOfTheCallersOwn"):
        assert (statements[sid]["Action"], statements[sid]["Resource"]) == (
            "s3:PutObject",
            f"${{{bucket}.Arn}}/*",
        )


@pytest.mark.parametrize("bucket", BUCKETS)
def test_pages_post_forms_from_configured_origins_only(render: Any, bucket: str) -> None:
    pages = ["https://app.example.com", "https://beta.example.com"]

    assert "CorsConfiguration" not in render("data").properties(bucket)
    (rule,) = render("data", AllowedOrigins=",".join(pages)).properties(bucket)["CorsConfiguration"][
        "CorsRules"
    ]
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (pages, ["POST"])


def test_uploads_go_after_a_month_with_their_old_versions_and_unfinished_parts(render: Any) -> None:
    rules = render("data").properties("UploadsBucket")["LifecycleConfiguration"]["Rules"]
    (rule,) = [rule for rule in rules if "ExpirationInDays" in rule]
    assert (rule["Prefix"], rule["Status"], rule["ExpirationInDays"]) == ("uploads/", "Enabled", 30)
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1


def test_media_in_use_never_expire(render: Any) -> None:
    rules = render("data").properties("MediaBucket")["LifecycleConfiguration"]["Rules"]
    assert not any("ExpirationInDays" in rule or "ExpirationDate" in rule for rule in rules)
