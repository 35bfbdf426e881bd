"""An import's neighbours in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.unit.chaos import OneAtATime
from tests.unit.cloud import TABLE, aws, notes, stored
from tests.unit.exports import LIMITS

from tests.unit import toys
from wotr_common import keys
from wotr_workers.imports.run import Importer
from wotr_workers.imports.told import Records
from wotr_workers.imports.undo import Undoer
from wotr_workers.records.kept import KeptRecords
from wotr_workers.records.rebuild import Rebuilder
from wotr_workers.store import Imports, Item, Leases, Table
from wotr_workers.topics import ImportsTopic
from wotr_workers.uploads import Upload, Uploads

BUCKET = "uploads"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
INVOCATION = timedelta(minutes=5)
# What differs between two ways to the same state, and means nothing.
_VOLATILE = {"version", "uploadVersion", "uploadedAt", "createdAt", "endedAt", "holder", "until"}


class Stage:
    """The import's neighbours in memory: bucket, table, topic with a queue that hears it, a clock."""

    def __init__(self, dynamodb: Any, records: Records | None = None) -> None:
        self.dynamodb: Any = OneAtATime(dynamodb)
        self.now = NOW
        self.notes = notes()
        self._records = records
        self.s3 = aws("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.sqs = aws("sqs")
        self.url = self.sqs.create_queue(QueueName="heard")["QueueUrl"]
        self.sns = aws("sns")
        self.topic = self.sns.create_topic(Name="imports")["TopicArn"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])

    @property
    def table(self) -> Table:
        return Table(self.dynamodb, TABLE, self.notes)

    @property
    def imports(self) -> Imports:
        return Imports(self.dynamodb, TABLE)

    @property
    def records(self) -> Records:
        return self._records or Rebuilder(KeptRecords(self.table, self.clock))

    @property
    def until(self) -> datetime:
        """When an invocation that begins now ends."""
        return self.now + INVOCATION

    def clock(self) -> datetime:
        return self.now

    def importer(self) -> Importer:
        return Importer(
            Uploads(self.s3, BUCKET),
            self.table,
            self.imports,
            Leases(self.dynamodb, TABLE),
            ImportsTopic(self.sns, self.topic),
            self.records,
            lambda: LIMITS,
            self.clock,
            toys.opened,
        )

    def undoer(self) -> Undoer:
        return Undoer(
            self.table,
            self.imports,
            Leases(self.dynamodb, TABLE),
            ImportsTopic(self.sns, self.topic),
            self.records,
            lambda: LIMITS,
            self.clock,
        )

    def upload(
        self,
        content: bytes,
        import_id: str = "i1",
        user_id: str = "ada",
        said: Mapping[str, str] | None = None,
    ) -> Upload:
        key = f"uploads/{user_id}/{import_id}.csv"
        answer = self.s3.put_object(Bucket=BUCKET, Key=key, Body=content, Metadata=dict(said or {}))
        return Upload(key, answer["ETag"].strip('"'), answer["VersionId"], user_id, import_id, self.now)

    def run(self, content: bytes, import_id: str = "i1", **said: str) -> dict[str, int]:
        """The counts of one import from upload to end; `said` is the object's metadata."""
        metadata = {name.replace("_", "-"): value for name, value in said.items()}
        tally = self.importer().run(self.upload(content, import_id, said=metadata), self.until)
        self.now += timedelta(minutes=1)
        assert tally is not None
        return {name: count for name, count in tally.counts().items() if count or name == "new"}

    def undo(self, import_id: str = "i1") -> bool:
        """Ask for an import to be taken back, and do it."""
        assert self.imports.ask_undo("ada", import_id)
        self.now += timedelta(minutes=1)
        return self.undoer().run("ada", import_id, self.until)

    def items(self) -> list[Item]:
        found = stored(self.dynamodb, self.notes)
        return sorted(found, key=lambda item: (str(item["pk"]), str(item["sk"])))

    def account(self) -> dict[str, Item]:
        """All that is stored, without the states of imports, without what differs between ways to it."""
        return {
            f"{item['pk']}/{item['sk']}": _lasting(item)
            for item in self.items()
            if not keys.is_import(item["sk"])
        }

    def history(self, kind: str = "workout") -> list[Item]:
        """The stored workouts, or sessions."""
        is_one = keys.is_workout if kind == "workout" else keys.is_session
        return [item for item in self.items() if is_one(item["sk"])]

    def heard(self) -> list[dict[str, Any]]:
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in found]

    def state(self, import_id: str = "i1") -> Item:
        found = self.imports.get("ada", import_id)
        assert found is not None
        return found

    def set_aside(self, import_id: str = "i1") -> list[tuple[int, str, str]]:
        pk = keys.import_pk("ada", import_id)
        rows = self.table.beginning(pk, keys.set_aside_prefix())
        return [(int(row["line"]), row["field"], row["reason"]) for row in rows]


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lasting(each) for name, each in value.items() if name not in _VOLATILE}
    return [_lasting(each) for each in value] if isinstance(value, list) else value
