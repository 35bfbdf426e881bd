"""A form takes the one object that it was signed for; nobody else puts anything into athletes' buckets."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from stage_client import Athlete, Stage, StageError, upload

Proof = Callable[[str, str], None]
Form = dict[str, Any]
PHOTO_BYTES = 10 * 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def athlete(stage: Stage) -> Athlete:
    return stage.athlete()


@pytest.fixture(scope="module")
def other(stage: Stage) -> Athlete:
    return stage.athlete()


def photo(athlete: Athlete) -> Form:
    """A form for a photo of the athlete's."""
    asked = athlete.call("POST", "/me/uploads", {"contentType": "image/png"})
    assert asked.status == 201, asked.text
    form: Form = asked.json()
    return form


def changed(form: Form, **fields: str | None) -> Form:
    """The form with other fields than were given out; None leaves one out."""
    told = {name.replace("_", "-"): value for name, value in fields.items()}
    kept = {name: value for name, value in {**form["fields"], **told}.items() if value is not None}
    return {**form, "fields": kept}


def reworded(form: Form, change: Callable[[str], str]) -> Form:
    """The form with another policy under the same signature."""
    policy = base64.b64decode(form["fields"]["policy"]).decode()
    assert change(policy) != policy
    return changed(form, policy=base64.b64encode(change(policy).encode()).decode())


def expired(stage: Stage) -> Form:
    """A form whose fifteen minutes are over, signed by the operator."""
    bucket = stage.outputs("data")["MediaBucketName"]
    form: Any = boto3.client("s3").generate_presigned_post(
        Bucket=bucket,
        Key="photos/nobody/late.png",
        Fields={"Content-Type": "image/png"},
        Conditions=[["eq", "$Content-Type", "image/png"]],
        ExpiresIn=-60,
    )
    return dict(form)


def violations(stage: Stage, athlete: Athlete, other: Athlete) -> Iterator[tuple[str, Form, bytes]]:
    """Every way to use a form for something else, with what would be uploaded."""
    form, theirs = photo(athlete), photo(other)
    key = form["photoKey"]
    yield "another type", changed(form, Content_Type="text/html"), PNG
    yield "a type that begins alike", changed(form, Content_Type="image/png+html"), PNG
    yield "too large", form, PNG + b"x" * PHOTO_BYTES
    yield "empty", form, b""
    yield "another owner's key", changed(form, key=theirs["photoKey"]), PNG
    yield "a key of one's own choice", changed(form, key=f"photos/{athlete.user_id}/mine.png"), PNG
    yield "a key beside it", changed(form, key=f"{key}/../../{other.user_id}/x.png"), PNG
    yield "the uploads bucket", changed(form, bucket=stage.outputs("data")["UploadsBucketName"]), PNG
    yield "public", changed(form, acl="public-read"), PNG
    yield "its own metadata", changed(form, x_amz_meta_user="somebody"), PNG
    yield "Amazon's own key", changed(form, x_amz_server_side_encryption="AES256"), PNG
    larger = reworded(form, lambda policy: policy.replace(str(PHOTO_BYTES), str(PHOTO_BYTES * 100)))
    yield "a policy for more bytes", larger, PNG
    later = reworded(form, lambda policy: re.sub(r'"expiration": ?"\d{4}', '"expiration": "2999', policy))
    yield "a policy for longer", later, PNG
    stolen = reworded(form, lambda policy: policy.replace(athlete.user_id, other.user_id))
    yield "a policy for another owner", changed(stolen, key=theirs["photoKey"]), PNG
    yield "no policy", changed(form, policy=None), PNG
    unsigned = {name: None for name in form["fields"] if name.startswith("x-amz-")}
    yield "no signature", changed(form, policy=None, **unsigned), PNG
    yield "another signature", changed(form, x_amz_signature="0" * 64), PNG
    yield "too late", expired(stage), PNG


def outcome(form: Form, content: bytes) -> str:
    """With what the bucket refuses the upload; that it was taken, if it was."""
    try:
        upload(form, content, "image/png")
    except StageError as error:
        return str(error).partition("refused with ")[2][:3]
    return "taken"


def test_a_form_is_bound_to_type_size_owner_and_fifteen_minutes(
    stage: Stage, athlete: Athlete, other: Athlete, proof: Proof
) -> None:
    refused = {what: outcome(form, content) for what, form, content in violations(stage, athlete, other)}
    assert {what: said for what, said in refused.items() if said not in {"400", "403"}} == {}
    form = photo(athlete)
    assert form["photoKey"].startswith(f"photos/{athlete.user_id}/")
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    left = datetime.fromisoformat(policy["expiration"]) - datetime.now(UTC)
    upload(form, PNG, "image/png")
    stored = boto3.client("s3").head_object(
        Bucket=stage.outputs("data")["MediaBucketName"], Key=form["photoKey"]
    )
    assert (stored["ContentLength"], stored["ContentType"]) == (len(PNG), "image/png")
    minutes = left.total_seconds() / 60
    assert 14 < minutes <= 15
    proof(
        "7 uploads by form",
        f"{len(refused)} misuses refused, the form itself taken for {minutes:.1f} minutes",
    )


def test_an_export_is_bound_to_its_owner_and_kind(athlete: Athlete, other: Athlete) -> None:
    def asked(who: Athlete, **more: str) -> Form:
        answer = who.call("POST", "/me/imports", {"importId": "mine", **more})
        assert answer.status == 201, answer.text
        form: Form = answer.json()["upload"]
        return form

    form, theirs = asked(athlete), asked(other)
    assert form["fields"]["key"] == f"uploads/{athlete.user_id}/mine.csv"
    for misused in (
        changed(form, key=theirs["fields"]["key"]),
        changed(form, Content_Type="image/png"),
        changed(form, key=form["fields"]["key"].replace(".csv", ".json")),
    ):
        with pytest.raises(StageError, match=r"refused with 40[03]"):
            upload(misused, b"type\n", misused["fields"]["Content-Type"])
    assert other.call("GET", "/me/imports/mine").json()["state"] == "waiting"


@pytest.fixture(scope="module")
def acting() -> Iterator[Callable[[str, str], Any]]:
    """S3 by a new role of this name that was granted all of a bucket."""
    iam, account = boto3.client("iam"), boto3.client("sts").get_caller_identity()["Account"]
    trusting = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}}
    trust = {"Version": "2012-10-17", "Statement": [{**trusting, "Action": "sts:AssumeRole"}]}
    made: list[str] = []

    def s3(name: str, bucket: str) -> Any:
        may = {"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"}
        if name not in made:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
            made.append(name)
        iam.put_role_policy(
            RoleName=name,
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]}),
        )
        given = boto3.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/{name}", RoleSessionName="e2e"
        )["Credentials"]
        session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return session.client("s3")

    yield s3
    for name in made:
        iam.delete_role_policy(RoleName=name, PolicyName="all")
        iam.delete_role(RoleName=name)


@pytest.mark.parametrize(("bucket", "place"), [("Uploads", "elsewhere"), ("Media", "photos/e2e")])
def test_nobody_puts_objects_but_known_writers_and_they_by_no_other_key(
    stage: Stage, acting: Callable[[str, str], Any], proof: Proof, bucket: str, place: str
) -> None:
    name = stage.outputs("data")[f"{bucket}BucketName"]
    key = f"{place}/{secrets.token_hex(6)}"
    stranger = acting(f"wotr-e2e-{secrets.token_hex(4)}", name)
    signer = acting(f"wotr-api-{stage.name}-ChangeRole-{secrets.token_hex(4)}", name)
    put: dict[str, Any] = {"Bucket": name, "Key": key, "Body": b"x"}
    account = boto3.client("sts").get_caller_identity()["Account"]
    foreign = f"arn:aws:kms:{stranger.meta.region_name}:{account}:key/{'0' * 8}-0000-0000-0000-{'0' * 12}"

    for who, more in (
        (stranger, {}),
        (signer, {"ServerSideEncryption": "AES256"}),
        (signer, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": foreign}),
        (signer, {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            who.put_object(**put, **more)
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.create_multipart_upload(Bucket=name, Key=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.copy_object(Bucket=name, Key=key, CopySource=f"{name}/{key}")
    signer.put_object(**put)
    boto3.client("s3").delete_object(Bucket=name, Key=key)
    proof(
        f"7 writers of {bucket.lower()}",
        "6 attempts refused: unknown roles 3, other keys 3; the signer's taken",
    )


def test_a_trusted_writer_may_where_one_is_named(stage: Stage, acting: Callable[[str, str], Any]) -> None:
    described = boto3.client("cloudformation").describe_stacks(StackName=f"wotr-data-{stage.name}")["Stacks"][
        0
    ]
    given = {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}
    name = "wotr-e2e-trusted-writer"
    bucket, key = stage.outputs("data")["MediaBucketName"], f"photos/e2e/{secrets.token_hex(6)}"
    writer = acting(name, bucket)
    if name in given["TrustedWriters"]:
        writer.put_object(Bucket=bucket, Key=key, Body=b"x")
        boto3.client("s3").delete_object(Bucket=bucket, Key=key)
    else:
        with pytest.raises(ClientError, match="AccessDenied"):
            writer.put_object(Bucket=bucket, Key=key, Body=b"x")
