"""Gap: a call to KMS is judged on the key itself, and on what the call says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from stack import Client, Deploy, Stack, role

WHOSE = {"purpose": "notes", "user": "ada"}
ACCOUNT = {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}
MAY_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": ACCOUNT, "Action": "sts:AssumeRole"}],
}


def key() -> dict[str, Any]:
    everything = {"Effect": "Allow", "Principal": ACCOUNT, "Action": "kms:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [everything]}
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}


def alias(name: str, target: str) -> dict[str, Any]:
    return {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": name, "TargetKeyId": {"Ref": target}}}


@pytest.fixture(scope="module")
def made(stack: Deploy) -> Stack:
    may = {
        "Effect": "Allow",
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
        "Resource": {"Fn::Sub": "arn:aws:kms:${AWS::Region}:${AWS::AccountId}:key/*"},
        "Condition": {
            "ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/contract-notes*"},
            "StringEquals": {"kms:EncryptionContext:purpose": "notes"},
            "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["purpose", "user"]},
        },
    }
    return stack(
        {
            "Key": key(),
            "Other": key(),
            "Alias": alias("alias/contract-notes", "Key"),
            "OtherAlias": alias("alias/contract-else", "Other"),
            "Caller": role(may, AssumeRolePolicyDocument=MAY_ASSUME),
        },
        Outputs={"CallerArn": {"Value": {"Fn::GetAtt": ["Caller", "Arn"]}}},
    )


@pytest.fixture(scope="module")
def kms(made: Stack, client: Client) -> Any:
    issued = client("sts").assume_role(RoleArn=made.outputs["CallerArn"], RoleSessionName="contract")
    keys = issued["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    return session.client("kms")


def denied(call: Callable[[], object]) -> bool:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"] == "AccessDeniedException"


def data_key(kms: Any, name: str, **context: str) -> Callable[[], Any]:
    return lambda: kms.generate_data_key(KeyId=name, KeySpec="AES_256", EncryptionContext=context)


def test_a_role_uses_the_key_behind_its_alias_with_the_context_that_it_is_bound_to(
    made: Stack, kms: Any
) -> None:
    wrapped = data_key(kms, "alias/contract-notes", **WHOSE)()
    assert wrapped["KeyId"].endswith(made.ids["Key"])
    by_key = {"KeyId": made.ids["Key"], "CiphertextBlob": wrapped["CiphertextBlob"]}
    assert kms.decrypt(**by_key, EncryptionContext=WHOSE)["Plaintext"] == wrapped["Plaintext"]


def test_another_context_or_another_key_is_denied(made: Stack, kms: Any) -> None:
    assert denied(data_key(kms, "alias/contract-notes", purpose="else", user="ada"))
    assert denied(data_key(kms, "alias/contract-notes"))
    assert denied(data_key(kms, "alias/contract-notes", **WHOSE, more="x"))
    assert denied(data_key(kms, "alias/contract-else", **WHOSE))
    assert denied(data_key(kms, made.ids["Other"], **WHOSE))


def test_a_key_that_gets_an_alias_comes_within_reach_and_leaves_it_again(
    made: Stack, kms: Any, client: Client
) -> None:
    root = client("kms")
    root.create_alias(AliasName="alias/contract-notes-2", TargetKeyId=made.ids["Other"])
    assert data_key(kms, made.ids["Other"], **WHOSE)()
    root.delete_alias(AliasName="alias/contract-notes-2")
    assert denied(data_key(kms, made.ids["Other"], **WHOSE))
