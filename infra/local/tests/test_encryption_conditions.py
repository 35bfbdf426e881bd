"""Gap: a bucket policy may ask by which key an object is to be encrypted."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from stack import Client

BUCKET = "contract-keys"
MINE = "arn:aws:kms:us-east-1:000000000000:key/mine"


def test_a_policy_refuses_other_keys_and_keys_of_the_callers_own(client: Client) -> None:
    s3, iam = client("s3"), client("iam")
    place: Any = {"LocationConstraint": s3.meta.region_name}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    key_id = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    own = "s3:x-amz-server-side-encryption-customer-algorithm"
    conditions = [
        {"Null": {key_id: "false"}, "ArnNotEquals": {key_id: MINE}},
        {"Null": {own: "false"}},
    ]
    refused = [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
            "Condition": condition,
        }
        for condition in conditions
    ]
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": refused}))
    may = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    iam.create_user(UserName="writes-keys")
    iam.put_user_policy(
        UserName="writes-keys",
        PolicyName="may",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]}),
    )
    key = iam.create_access_key(UserName="writes-keys")["AccessKey"]
    writer = boto3.client(
        "s3", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )

    writer.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    by_kms: Any = {"Bucket": BUCKET, "Key": "a", "Body": b"x", "ServerSideEncryption": "aws:kms"}
    writer.put_object(**by_kms, SSEKMSKeyId=MINE)
    with pytest.raises(ClientError, match="AccessDenied"):
        writer.put_object(**by_kms, SSEKMSKeyId=MINE.replace("mine", "theirs"))
    with pytest.raises(ClientError, match="AccessDenied"):
        writer.put_object(
            Bucket=BUCKET, Key="a", Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey="k" * 32
        )
