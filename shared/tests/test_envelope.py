"""Notes are sealed for one item, user and field; what is not whole, or lies elsewhere, is refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "wotr")

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from wotr_common import envelope, keys
from wotr_common.envelope import DataKeys
from wotr_common.notes import KEYS, UNREADABLE, WARNING, Notes, bare, entries_of

ALIAS = "alias/wotr-dev-notes"
NOTE = "knee hurt again, saw Dr. Who"
SESSION: dict[str, Any] = {
    "pk": "USER#ada",
    "sk": "SESSION#2026-03-01#20260301T173000-a",
    "notes": NOTE,
    "contentHash": "0" * 64,
    "sets": [{"exercise": "Squat", "notes": "left side"}, {"exercise": "Squat"}],
}
OTHER = {**SESSION, "sk": "SESSION#2026-03-02#20260302T173000-b"}
SAM = {**SESSION, "pk": "USER#sam"}


class Kms:
    """KMS in memory; counts what it is asked."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("kms", region_name="eu-central-1")
        self.asked: list[str] = []
        self.client.meta.events.register("before-call.kms.*", self._count)
        self.key = self.new_key()
        self.client.create_alias(AliasName=ALIAS, TargetKeyId=self.key)

    def _count(self, model: Any, **_: object) -> None:
        if model.name in ("GenerateDataKey", "Decrypt"):
            self.asked.append(model.name)

    def new_key(self) -> str:
        return str(self.client.create_key()["KeyMetadata"]["KeyId"])

    def notes(self, clock: Callable[[], float] = lambda: 0.0) -> Notes:
        """As a new process has it."""
        return Notes(DataKeys(lambda: self.client, ALIAS, clock))


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kms]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield Kms()


def binaries(value: Any) -> list[bytes]:
    """Every sealed text in an item."""
    if isinstance(value, dict):
        return [each for name, inner in value.items() if name != KEYS for each in binaries(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in binaries(inner)]
    return [value] if isinstance(value, bytes) else []


def test_an_item_holds_its_notes_sealed_and_another_process_opens_them(kms: Kms) -> None:
    sealed = kms.notes().sealed(SESSION)
    assert len(binaries(sealed)) == 3
    assert "knee" not in repr(sealed)
    assert "left side" not in repr(sealed)
    assert "0" * 64 not in repr(sealed)  # from which a short note could be guessed
    assert kms.notes().opened(sealed) == SESSION


def test_the_same_note_is_never_sealed_the_same(kms: Kms) -> None:
    notes = kms.notes()
    assert not {*binaries(notes.sealed(SESSION))} & {*binaries(notes.sealed(SESSION))}


def test_images_that_imports_keep_are_sealed_too(kms: Kms) -> None:
    kept = {"item": {**SESSION, "contentHash": "1" * 64}}
    key = keys.Key(pk=keys.import_pk("ada", "i1"), sk=keys.before_sk(SESSION["sk"]))
    sealed = kms.notes().sealed(kept, key)
    assert "knee" not in repr(sealed)
    assert "left" not in repr(sealed)
    assert kms.notes().opened({**sealed, **key})["item"] == kept["item"]


def test_what_was_stored_before_notes_were_sealed_stays_readable(kms: Kms) -> None:
    assert kms.notes().opened(SESSION) == SESSION
    assert not kms.asked


def test_an_item_without_notes_asks_kms_for_nothing(kms: Kms) -> None:
    item = {"pk": "USER#ada", "sk": "WORKOUT#x", "contentHash": "2" * 64}
    notes = kms.notes()
    assert notes.opened(notes.sealed(item)) == item
    assert not kms.asked


def into(changed: Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], dict[str, Any]]) -> Any:
    return pytest.param(changed, id=changed.__name__)


def moved_to_another_item(mine: Any, other: Any, _sam: Any) -> Any:
    return {**other, "notes": mine["notes"], KEYS: mine[KEYS] | other[KEYS]}


def moved_to_another_user(mine: Any, _other: Any, sam: Any) -> Any:
    return {**sam, "notes": mine["notes"], KEYS: mine[KEYS] | sam[KEYS]}


def moved_to_another_field(mine: Any, _other: Any, _sam: Any) -> Any:
    return {**mine, "notes": mine["sets"][0]["notes"]}


def moved_as_a_whole(mine: Any, _other: Any, sam: Any) -> Any:
    return {**mine, "pk": sam["pk"]}


def without_its_data_key(mine: Any, other: Any, _sam: Any) -> Any:
    return {**mine, KEYS: other[KEYS] - mine[KEYS]} if other[KEYS] != mine[KEYS] else {**mine, KEYS: set()}


def cut_at_its_end(mine: Any, _other: Any, _sam: Any) -> Any:
    return {**mine, "notes": mine["notes"][:-1]}


def cut_to_nothing(mine: Any, _other: Any, _sam: Any) -> Any:
    return {**mine, "notes": b""}


def with_another_type(mine: Any, _other: Any, _sam: Any) -> Any:
    return {**mine, "notes": 7}


def with_a_data_key_of_no_meaning(mine: Any, _other: Any, _sam: Any) -> Any:
    return {**mine, KEYS: {b"\x01\x24" + b"?" * 99}}


@pytest.mark.parametrize(
    "change",
    [
        into(moved_to_another_item),
        into(moved_to_another_user),
        into(moved_to_another_field),
        into(moved_as_a_whole),
        into(without_its_data_key),
        into(cut_at_its_end),
        into(cut_to_nothing),
        into(with_another_type),
        into(with_a_data_key_of_no_meaning),
    ],
)
def test_what_is_not_where_or_as_it_was_sealed_is_left_out_and_said(kms: Kms, change: Any) -> None:
    sealer = kms.notes()
    changed = change(sealer.sealed(SESSION), sealer.sealed(OTHER), sealer.sealed(SAM))
    for process in (kms.notes(), sealer):  # one that has to ask KMS, and one that has the data keys
        found = process.opened(changed)
        assert "notes" not in found
        assert found["warnings"] == [WARNING]
        assert found[UNREADABLE]
        assert found["sets"][1] == {"exercise": "Squat"}  # the rest of it is as it was


def test_no_bit_of_a_sealed_note_can_be_changed(kms: Kms) -> None:
    notes = kms.notes()
    sealed = notes.sealed(SESSION)
    for place in range(len(sealed["notes"])):
        text = bytearray(sealed["notes"])
        text[place] ^= 1 << place % 8
        assert "notes" not in notes.opened({**sealed, "notes": bytes(text)}), f"byte {place}"


def test_a_history_costs_a_call_of_kms_for_each_user_and_not_for_each_item(kms: Kms) -> None:
    writer, reader = kms.notes(), kms.notes()
    items = [{**SESSION, "pk": f"USER#{user}", "sk": f"WORKOUT#{n}"} for user in "ab" for n in range(1000)]
    sealed = [writer.sealed(item) for item in items]
    assert [reader.opened(item) for item in sealed] == items
    assert sorted(kms.asked) == ["Decrypt"] * 2 + ["GenerateDataKey"] * 2


def test_a_data_key_is_bound_in_age_and_in_uses(kms: Kms, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    notes = kms.notes(lambda: now)
    first = entries_of(notes.sealed(SESSION))
    now = envelope.MAX_AGE_S - 1
    assert entries_of(notes.sealed(SESSION)) == first
    now = envelope.MAX_AGE_S
    second = entries_of(notes.sealed(SESSION))
    assert second != first
    monkeypatch.setattr(envelope, "MAX_TEXTS", 6)
    assert entries_of(notes.sealed(SESSION)) == second  # the second item of three texts
    assert entries_of(notes.sealed(SESSION)) != second
    assert len(notes._keys._sealing) == 1


def test_after_the_alias_has_moved_old_notes_are_readable_and_new_ones_are_under_the_new_key(
    kms: Kms,
) -> None:
    old = kms.notes().sealed(SESSION)
    later = kms.new_key()
    kms.client.update_alias(AliasName=ALIAS, TargetKeyId=later)
    new = kms.notes().sealed(SESSION)
    assert [envelope.kms_key_of(entry) for item in (old, new) for entry in entries_of(item)] == [
        kms.key,
        later,
    ]
    assert kms.notes().opened(old) == kms.notes().opened(new) == SESSION


def test_while_kms_does_not_answer_nothing_is_taken_for_unreadable(kms: Kms) -> None:
    sealed = kms.notes().sealed(SESSION)
    for why in ("DisabledException", "AccessDeniedException", "ThrottlingException"):
        with Stubber(kms.client) as stubber:
            stubber.add_client_error("decrypt", why)
            with pytest.raises(ClientError, match=why):
                kms.notes().opened(sealed)


def test_kms_is_told_whose_note_it_is_and_refuses_another_name(kms: Kms) -> None:
    (entry,) = entries_of(kms.notes().sealed(SESSION))
    wrapped = entry[2 + entry[1] :]
    asked = {"purpose": "notes", "user": "ada"}
    assert len(kms.client.decrypt(CiphertextBlob=wrapped, EncryptionContext=asked)["Plaintext"]) == 32
    with pytest.raises(ClientError, match="InvalidCiphertext"):
        kms.client.decrypt(CiphertextBlob=wrapped, EncryptionContext={**asked, "user": "sam"})


def test_whoever_has_nothing_to_do_with_notes_sees_none(kms: Kms) -> None:
    rest = {"pk": SESSION["pk"], "sk": SESSION["sk"], "sets": [{"exercise": "Squat"}] * 2}
    assert bare(kms.notes().sealed(SESSION)) == rest
    assert bare(SESSION) == {**rest, "contentHash": SESSION["contentHash"]}
