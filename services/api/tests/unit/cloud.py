"""The AWS resources behind the API, made in moto."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import boto3
import botocore.loaders
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict

from wotr_common import keys
from wotr_common.envelope import DataKeys
from wotr_common.items import workout_item
from wotr_common.messages import Command
from wotr_common.notes import Notes
from wotr_common.workout import Workout

PAGE_TOKEN_KEY = "x" * 48
LIMITS = {
    "supported-types": "run,ride,strength",
    "duration-min": "0.1",
    "duration-max": "43200",
    "shards": "1",
}

# The services' models, read once for all tests: reading them took a quarter of the time.
_MODELS = botocore.loaders.create_loader()


def session() -> boto3.Session:
    """A session without hooks or clients."""
    made = botocore.session.get_session()
    made.register_component("data_loader", _MODELS)
    return boto3.Session(botocore_session=made)


@cache
def _own() -> boto3.Session:
    return session()


@cache
def aws(service: str) -> Any:
    """A test's own client, the same for all tests: making one takes longer than a call."""
    return _own().client(service)  # type: ignore[call-overload,unused-ignore]


@cache
def rows(table: str) -> Any:
    """A table as a resource, kept as clients are."""
    return _own().resource("dynamodb").Table(table)


def _table(
    name: str, *attributes: str, sort: bool = True, indexes: Iterable[tuple[str, str, str]] = ()
) -> None:
    def schema(pk: str, sk: str | None) -> list[Any]:
        hash_key = {"AttributeName": pk, "KeyType": "HASH"}
        return [hash_key, {"AttributeName": sk, "KeyType": "RANGE"}] if sk else [hash_key]

    table: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": "S"} for each in attributes],
        "KeySchema": schema(keys.PK, keys.SK if sort else None),
    }
    if indexes:
        table["GlobalSecondaryIndexes"] = [
            {"IndexName": index, "KeySchema": schema(pk, sk), "Projection": {"ProjectionType": "ALL"}}
            for index, pk, sk in indexes
        ]
    aws("dynamodb").create_table(**table)


class CommandFunction:
    """The function of workers behind its alias, over HTTP: keeps what it is asked, answers as told.

    moto runs functions in Docker only, so this stands where moto would answer.
    """

    def __init__(self) -> None:
        self.asked: list[Command] = []
        self.qualifiers: list[str] = []
        self._payload = b""
        self._status = 200
        self._headers: dict[str, str] = {}
        self._failure: Exception | None = None

    def answers(self, status: int, body: object = None) -> None:
        """From now on, this outcome."""
        said = {"version": 1, "status": status, "body": {} if body is None else body}
        self.says(json.dumps(said).encode())

    def says(self, payload: bytes, *, status: int = 200, error: str | None = None) -> None:
        """From now on, this payload; `error` is how Lambda says that the function failed."""
        self._payload, self._status, self._failure = payload, status, None
        self._headers = {"X-Amz-Function-Error": error} if error else {}

    def fails(self, failure: Exception) -> None:
        """From now on, no answer."""
        self._failure = failure

    def send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """botocore's hook `before-send`: the answer to an Invoke."""
        assert isinstance(request.body, bytes)
        self.asked.append(Command.model_validate_json(request.body))
        self.qualifiers.append(unquote(request.url).partition("/functions/")[2].partition("/invocations")[0])
        if self._failure is not None:
            raise self._failure
        headers: Any = HeadersDict({"Content-Type": "application/json", **self._headers})
        return AWSResponse(request.url, self._status, headers, _Raw(self._payload))


class _Raw(BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.read()


@dataclass
class Cloud:
    """The queue, the limits, the tables, the function that makes changes."""

    queue_url: str
    workers: CommandFunction = field(default_factory=CommandFunction)

    @classmethod
    def make(cls) -> Cloud:
        """Everything, empty, with the limits of LIMITS."""
        url = aws("sqs").create_queue(QueueName="workouts")["QueueUrl"]
        _table("Idempotency", keys.PK, sort=False)
        _table("Views", keys.PK, keys.SK)
        _table(
            "Workouts",
            *(
                keys.PK,
                keys.SK,
                keys.TIME_INDEX_PK,
                keys.TIME_INDEX_SK,
                keys.TYPE_INDEX_PK,
                keys.TYPE_INDEX_SK,
            ),
            indexes=[
                (keys.TIME_INDEX, keys.TIME_INDEX_PK, keys.TIME_INDEX_SK),
                (keys.TYPE_INDEX, keys.TYPE_INDEX_PK, keys.TYPE_INDEX_SK),
            ],
        )
        key = aws("kms").create_key()["KeyMetadata"]["KeyId"]
        aws("kms").create_alias(AliasName="alias/wotr-dev-notes", TargetKeyId=key)
        aws("secretsmanager").create_secret(Name="page-tokens", SecretString=PAGE_TOKEN_KEY)
        cloud = cls(url)
        assert boto3.DEFAULT_SESSION is not None
        hooks: Any = boto3.DEFAULT_SESSION.events  # typed as if no hook could answer
        hooks.register_first("before-send.lambda.Invoke", cloud.workers.send)
        for name, value in LIMITS.items():
            cloud.limit(name, value)
        return cloud

    def limit(self, name: str, value: str) -> None:
        """Set one parameter of the limits."""
        aws("ssm").put_parameter(
            Name=f"/wotr/dev/workouts/{name}", Value=value, Type="String", Overwrite=True
        )

    def messages(self) -> list[dict[str, Any]]:
        """What is in the queue: each body, with its attributes under `attributes`."""
        found: list[dict[str, Any]] = []
        while (
            batch := aws("sqs")
            .receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
            .get("Messages")
        ):
            for message in batch:
                attributes = message.get("MessageAttributes", {})
                found.append(
                    {
                        **json.loads(message["Body"]),
                        "attributes": {name: each["StringValue"] for name, each in attributes.items()},
                    }
                )
        return found

    def idempotency_items(self) -> list[dict[str, Any]]:
        """What the idempotency table holds."""
        return list(rows("Idempotency").scan()["Items"])

    def store(self, *workouts: Workout, shards: int = 1) -> None:
        """Put workouts as workers does, their notes sealed."""
        notes = Notes(DataKeys(lambda: aws("kms"), "alias/wotr-dev-notes"))
        with rows("Workouts").batch_writer() as batch:
            for workout in workouts:
                batch.put_item(Item=notes.sealed(workout_item(workout, shards)))

    def put(self, *items: Mapping[str, Any]) -> None:
        """Put items of Workouts as they are: old ones may have their notes in the clear."""
        with rows("Workouts").batch_writer() as batch:
            for item in items:
                batch.put_item(Item=dict(item))

    def put_totals(self, *items: dict[str, Any]) -> None:
        """Put items of Views."""
        with rows("Views").batch_writer() as batch:
            for item in items:
                batch.put_item(Item=item)
