"""Imports: asked for with a form to upload by, followed, listed, taken back."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from tests.unit.calls import ATHLETE, Answer, event, send
from tests.unit.cloud import Cloud

from wotr_common import keys

IMPORT: dict[str, Any] = {
    "importId": "winter",
    "state": "waiting",
    "weightUnit": "kg",
    "requestedAt": "2026-03-01T17:30:00.000Z",
}


def item(import_id: str, athlete: str = ATHLETE, **more: Any) -> dict[str, Any]:
    return {
        **keys.import_key(athlete, import_id),
        "userId": athlete,
        "importId": import_id,
        "state": "done",
        "checkpoint": {"entries": 7},
        "told": True,
        "correlationId": "c",
        **more,
    }


def set_aside(import_id: str, line: int, athlete: str = ATHLETE) -> dict[str, Any]:
    return {
        "pk": keys.import_pk(athlete, import_id),
        "sk": keys.set_aside_sk(line),
        "line": line,
        "field": "reps",
        "reason": f"row {line} has 877777 repetitions",
    }


def post(body: object, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return send("change", event("POST", "/me/imports", body, athlete=ATHLETE, headers=sent))


def get(path: str, athlete: str = ATHLETE) -> Answer:
    return send("query", event("GET", path, athlete=athlete))


def policy(form: dict[str, Any]) -> dict[str, Any]:
    """What the signed form allows."""
    found: dict[str, Any] = json.loads(base64.b64decode(form["fields"]["policy"]))
    return found


def test_an_import_is_asked_for_with_what_the_file_leaves_open(cloud: Cloud) -> None:
    cloud.workers.answers(201, IMPORT)

    answer = post({"importId": "winter", "weightUnit": "kg", "timezone": "Europe/Berlin"})

    (command,) = cloud.workers.asked
    assert (command.name, command.arguments) == (
        "import.request",
        {"importId": "winter", "request": {"weightUnit": "kg", "timezone": "Europe/Berlin"}},
    )
    assert (answer.status, answer.headers["location"]) == (201, "imports/winter")
    assert {name: answer.body[name] for name in IMPORT} == IMPORT


def test_the_form_takes_one_object_of_text_up_to_200_mib_for_15_minutes(cloud: Cloud) -> None:
    cloud.workers.answers(201, IMPORT)

    form = post({"importId": "winter"}).body["upload"]

    allowed = policy(form)
    expected: list[Any] = [
        {"bucket": "uploads"},
        {"key": f"uploads/{ATHLETE}/winter.csv"},
        ["content-length-range", 1, 200 * 1024 * 1024],
        ["starts-with", "$Content-Type", "text/"],
    ]
    assert all(each in allowed["conditions"] for each in expected)
    assert form["fields"]["key"] == f"uploads/{ATHLETE}/winter.csv"
    assert form["fields"]["Content-Type"] == "text/csv"
    assert form["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256", "an encrypted bucket takes no older one"
    assert form["url"] == "https://uploads.s3.eu-central-1.amazonaws.com/"
    ends = datetime.fromisoformat(form["expiresAt"])
    assert abs(ends - datetime.fromisoformat(allowed["expiration"])) < timedelta(seconds=5)
    assert timedelta(minutes=14) < ends - datetime.now(UTC) <= timedelta(minutes=15)


def test_our_own_json_is_uploaded_as_such(cloud: Cloud) -> None:
    cloud.workers.answers(201, IMPORT)

    form = post({"importId": "winter", "contentType": "application/json"}).body["upload"]

    assert form["fields"]["key"].endswith("/winter.json")
    assert ["eq", "$Content-Type", "application/json"] in policy(form)["conditions"]
    assert "contentType" not in cloud.workers.asked[0].arguments["request"]


def test_ids_that_nobody_chose_are_new_and_in_the_order_of_time(cloud: Cloud) -> None:
    cloud.workers.answers(201, IMPORT)
    for _ in range(2):
        assert post({}).status == 201

    first, second = (command.arguments["importId"] for command in cloud.workers.asked)
    assert first != second
    at = datetime.strptime(first[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)


def test_the_same_key_is_one_import_with_a_fresh_form(cloud: Cloud) -> None:
    cloud.workers.answers(201, IMPORT)

    first, second = (post({"weightUnit": "kg"}, Idempotency_Key="k-1") for _ in range(2))

    assert len(cloud.workers.asked) == 1
    assert first.body["importId"] == second.body["importId"]
    assert second.body["upload"]["fields"]["policy"]
    assert post({"weightUnit": "lb"}, Idempotency_Key="k-1").status == 409
    kept = json.dumps(cloud.idempotency_items(), default=str)
    assert first.body["upload"]["fields"]["x-amz-signature"] not in kept


def test_an_id_that_is_taken_is_the_callers_to_change(cloud: Cloud) -> None:
    cloud.workers.answers(409, {"detail": "there is an import winter already, done; take another id"})

    answer = post({"importId": "winter"})

    assert answer.status == 409
    assert "upload" not in answer.body


def test_one_import_says_its_state_counts_and_first_rows_set_aside(cloud: Cloud) -> None:
    counts = {"rows": 10, "new": 5, "known": 4, "changed": 1, "setAside": 1, "remarks": 2, "linked": 0}
    records = {"count": 3, "top": [{"kind": "heaviest_weight", "label": "Squat", "value": Decimal("102.5")}]}
    cloud.put(
        item(
            "winter",
            format="strong",
            counts=counts,
            records=records,
            setAsideReasons={"too many repetitions": 1},
            uploadedAt="2026-03-01T17:31:00.000Z",
            message="5 new, 4 known, 1 set aside",
        ),
        set_aside("winter", 7),
    )

    found = get("/me/imports/winter").body

    assert (found["state"], found["format"], found["counts"]) == ("done", "strong", counts)
    assert (found["records"]["count"], found["records"]["top"][0]["value"]) == (3, 102.5)
    assert found["setAsideReasons"] == {"too many repetitions": 1}
    assert found["setAsideRows"] == [{"line": 7, "field": "reps", "reason": "row 7 has 877777 repetitions"}]
    assert "nextToken" not in found
    assert not {"checkpoint", "told", "correlationId", "pk"} & set(found)


def test_a_refused_import_asks_its_questions(cloud: Cloud) -> None:
    cloud.put(item("winter", state="refused", questions=["weightUnit"], message="say weightUnit: kg or lb"))

    found = get("/me/imports/winter").body

    assert (found["state"], found["questions"]) == ("refused", ["weightUnit"])


def test_rows_set_aside_are_paged_in_the_order_of_the_file(cloud: Cloud) -> None:
    lines = [*range(2, 250, 2), 1_000_000]
    cloud.put(item("winter"), *(set_aside("winter", line) for line in lines), set_aside("winter-2", 1))

    first = get("/me/imports/winter").body
    found = [row["line"] for row in first["setAsideRows"]]
    token = first.get("nextToken")
    while token:
        page = get(f"/me/imports/winter/rows?limit=40&nextToken={quote(token)}").body
        found += [row["line"] for row in page["rows"]]
        token = page.get("nextToken")

    assert found == lines
    assert [row["line"] for row in get("/me/imports/winter/rows?limit=2").body["rows"]] == lines[:2]


def test_imports_are_listed_newest_first_whatever_their_ids(cloud: Cloud) -> None:
    times = {"b": "2026-03-03", "z": "2026-03-01", "a": "2026-03-02"}
    cloud.put(
        *(item(name, requestedAt=f"{day}T00:00:00.000Z") for name, day in times.items()),
        item("by-hand", uploadedAt="2026-03-02T12:00:00.000Z"),
        item("not-mine", "somebody-else"),
        {**keys.lease_key(ATHLETE), "importId": "b"},
    )

    found: list[str] = []
    token = ""
    while True:
        page = get(f"/me/imports?limit=1{token}").body
        found += [each["importId"] for each in page["imports"]]
        if "nextToken" not in page:
            break
        token = f"&nextToken={quote(page['nextToken'])}"

    assert found == ["b", "by-hand", "a", "z"]
    assert [each["importId"] for each in get("/me/imports").body["imports"]] == found


@pytest.mark.parametrize("path", ["/me/imports/{}", "/me/imports/{}/rows"])
@pytest.mark.parametrize("import_id", ["winter", "summer", "a.b", "a%20b", "a" * 65])
def test_an_import_of_somebody_else_or_of_nobody_is_404(cloud: Cloud, path: str, import_id: str) -> None:
    cloud.put(item("winter", "somebody-else"), set_aside("winter", 7, "somebody-else"))

    assert get(path.format(import_id)).status == 404


def test_taking_back_is_accepted_and_answers_the_state(cloud: Cloud) -> None:
    cloud.workers.answers(202, IMPORT | {"state": "undoing"})

    answer = send("change", event("DELETE", "/me/imports/winter", athlete=ATHLETE))

    (command,) = cloud.workers.asked
    assert (command.name, command.arguments) == ("import.undo", {"importId": "winter"})
    assert (answer.status, answer.body["state"]) == (202, "undoing")


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/webp", "image/heic"])
def test_a_photo_gets_a_key_of_the_athletes_own_and_a_form_for_it(cloud: Cloud, kind: str) -> None:
    answer = send("change", event("POST", "/me/uploads", {"contentType": kind}, athlete=ATHLETE))

    assert answer.status == 201
    assert answer.body["photoKey"].startswith(f"photos/{ATHLETE}/")
    allowed = policy(answer.body)["conditions"]
    assert {"bucket": "media"} in allowed
    assert {"key": answer.body["photoKey"]} in allowed
    assert ["content-length-range", 1, 10 * 1024 * 1024] in allowed
    assert ["eq", "$Content-Type", kind] in allowed
    assert cloud.workers.asked == []


def test_the_same_key_is_one_photo(cloud: Cloud) -> None:
    def upload(**headers: str) -> str:
        call = event("POST", "/me/uploads", {"contentType": "image/png"}, athlete=ATHLETE, headers=headers)
        return str(send("change", call).body["photoKey"])

    key = {"Idempotency-Key": "k-1"}
    assert upload(**key) == upload(**key)
    assert upload() != upload()
