"""After the alias has moved, everything is brought under the new key, whatever happens meanwhile."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from tests.unit.cloud import NOTES_KEY_ALIAS, TABLE, notes, stored

from wotr_common import envelope, keys
from wotr_common.envelope import DataKeys
from wotr_common.notes import Notes, entries_of
from wotr_workers.reencryption import Stretch, reencrypt
from wotr_workers.store import Put, Table, plain, raw
from wotr_workers.store.sealed import Found, SealedItems

WORKOUT: dict[str, Any] = {"pk": "USER#ada", "sk": "WORKOUT#1", "notes": "left knee", "version": 1}
SESSION: dict[str, Any] = {"pk": "USER#ada", "sk": "SESSION#1", "sets": [{"notes": "low bar"}], "version": 1}
KEPT: dict[str, Any] = {"pk": "IMPORT#sam#i1", "sk": "BEFORE#WORKOUT#1", "item": {"notes": "old"}}
PLAIN: dict[str, Any] = {"pk": "USER#sam", "sk": "WORKOUT#1", "notes": "never sealed", "version": 1}
NONE: dict[str, Any] = {"pk": "USER#sam", "sk": "PROFILE", "timezone": "Europe/Berlin"}
ITEMS = [WORKOUT, SESSION, KEPT, PLAIN, NONE]


@dataclass
class Move:
    """A table with notes under one key, and the key that they are to be under."""

    dynamodb: Any
    old: str
    new: str

    def run(self, items: SealedItems | None = None, **how: Any) -> Stretch:
        items = items or SealedItems(self.dynamodb, TABLE)
        kms = boto3.client("kms")
        under = Notes(DataKeys(lambda: kms, self.new))
        return reencrypt(items, under, self.new, items.stretch(0, 1, None), **how)

    def named(self) -> set[str]:
        """The KMS keys that items name."""
        found = map(plain, self.dynamodb.scan(TableName=TABLE)["Items"])
        return {envelope.kms_key_of(entry) for item in found for entry in entries_of(item)}

    def raw_text(self) -> str:
        return repr(self.dynamodb.scan(TableName=TABLE)["Items"])


@pytest.fixture
def move(dynamodb: Any) -> Move:
    kms = boto3.client("kms")
    old = kms.describe_key(KeyId=NOTES_KEY_ALIAS)["KeyMetadata"]["KeyId"]
    Table(dynamodb, TABLE, notes()).write([Put(item) for item in ITEMS if item is not PLAIN])
    dynamodb.put_item(TableName=TABLE, Item=raw(PLAIN))
    new = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=NOTES_KEY_ALIAS, TargetKeyId=new)
    return Move(dynamodb, old, new)


def by_key(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: (item["pk"], item["sk"]))


def test_everything_is_under_the_new_key_and_reads_as_before(move: Move) -> None:
    assert move.named() == {move.old}
    assert (done := move.run()).said() == {
        "seen": 5,
        "moved": 3,
        "sealed": 1,
        "contended": 0,
        "unreadable": 0,
        "under": {},
        "after": None,
    }, done
    assert move.named() == {move.new}
    assert by_key(stored(move.dynamodb, notes())) == by_key(ITEMS)
    assert not [text for text in ("knee", "low bar", "old'", "never sealed") if text in move.raw_text()]


def test_another_run_finds_nothing_to_do_and_writes_nothing(move: Move) -> None:
    move.run()
    before = move.raw_text()
    again = move.run()
    assert (again.moved, again.sealed, again.under) == (0, 0, {})
    assert move.raw_text() == before


def test_looking_only_counts_by_key_and_writes_nothing(move: Move) -> None:
    before = move.raw_text()
    assert move.run(look_only=True).under == {move.old: 3, "none": 1}
    assert move.raw_text() == before


def test_what_is_changed_after_it_was_read_stays_as_it_was_changed(move: Move) -> None:
    table = Table(move.dynamodb, TABLE, notes())

    class Slow(SealedItems):
        """Reads, and then others are faster."""

        def stretch(self, segment: int, segments: int, after: Any) -> Found:
            found = super().stretch(segment, segments, after)
            table.write([Put({**WORKOUT, "notes": "right knee", "version": 2}, WORKOUT)])
            table.write([Put({**SESSION, "refs": ["x"]}, SESSION)])
            move.dynamodb.delete_item(TableName=TABLE, Key=raw({keys.PK: KEPT["pk"], keys.SK: KEPT["sk"]}))
            return found

    move.run(Slow(move.dynamodb, TABLE))
    left = {(item["pk"], item["sk"]): item for item in stored(move.dynamodb, notes())}
    assert left["USER#ada", "WORKOUT#1"]["notes"] == "right knee"
    assert left["USER#ada", "SESSION#1"]["refs"] == ["x"]
    assert ("IMPORT#sam#i1", "BEFORE#WORKOUT#1") not in left
    move.run()
    assert move.named() == {move.new}


def test_what_cannot_be_read_is_left_as_it_is_and_counted(move: Move) -> None:
    place: Any = {"TableName": TABLE, "Key": raw({"pk": "USER#ada", "sk": "WORKOUT#1"})}
    found = move.dynamodb.get_item(**place)["Item"]
    cut = {**found, "notes": {"B": found["notes"]["B"][:-3]}}
    move.dynamodb.put_item(TableName=TABLE, Item=cut)
    done = move.run()
    assert (done.unreadable, done.moved, done.under) == (1, 2, {move.old: 1})
    assert move.dynamodb.get_item(**place)["Item"] == cut


def test_an_old_data_key_without_notes_is_let_go(move: Move) -> None:
    place: Any = {"TableName": TABLE, "Key": raw({"pk": "USER#ada", "sk": "WORKOUT#1"})}
    item = move.dynamodb.get_item(**place)["Item"]
    move.dynamodb.put_item(TableName=TABLE, Item={name: item[name] for name in ("pk", "sk", "noteKeys")})
    assert move.run().moved == 3
    assert move.dynamodb.get_item(**place)["Item"] == place["Key"]


def test_stretches_follow_each_other_to_the_end(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WOTR_STAGE", "dev")
    monkeypatch.setenv("WORKOUTS_TABLE", TABLE)
    monkeypatch.setattr("wotr_workers.store.sealed.STRETCH", 2)
    module = importlib.import_module("wotr_workers.handlers.reencrypt")
    module.clients.dynamodb.cache_clear()
    module.clients.kms.cache_clear()
    from tests.unit.test_handlers import Context

    after, seen = None, 0
    for _ in range(9):
        answer = module.handler({"keyId": move.new, "after": after}, Context())
        seen, after = seen + answer["seen"], answer["after"]
        if after is None:
            break
    assert (seen, move.named()) == (5, {move.new})
    with pytest.raises(ValueError, match="keyId"):
        module.handler({"keyId": "alias/x"}, Context())
