"""The athlete's imports: a list, one, the rows that it set aside."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import callers, door, ids, imports, paging, parameters
from wotr_api.page_tokens import PARAMETER, fingerprint
from wotr_api.reading.pages import page
from wotr_api.reading.sources import items, tokens
from wotr_common import keys
from wotr_common.observability import annotate_span
from wotr_common.problems import Problem

router = door.router()


@router.get("/me/imports")
def get_my_imports() -> Response[str]:
    """Imports, newest first."""
    event = router.current_event.raw_event
    athlete = callers.athlete(event)
    asked = parameters.parse(parameters.Imports, event)
    name = fingerprint(athlete, "/me/imports", asked.filters())
    after = tokens().read(asked.next_token, name)["after"] if asked.next_token is not None else None

    def read(start: str | None, limit: int) -> tuple[list[paging.Item], str | None]:
        return items().page(keys.user_pk(athlete), keys.import_prefix(), start, limit)

    found, stopped = imports.listed(paging.everything(read, imports.MOST_LISTED), after, asked.limit)
    token = {} if stopped is None else {PARAMETER: tokens().issue({"after": stopped}, name)}
    return door.answer(200, {"imports": [imports.view(each) for each in found], **token})


@router.get("/me/imports/<import_id>")
def get_my_import(import_id: str) -> Response[str]:
    """One import, with the first rows that it set aside."""
    athlete, found = _import(import_id)
    rows, token = _rows(athlete, import_id, parameters.Rows())
    return door.answer(200, {**imports.view(found), "setAsideRows": rows, **token})


@router.get("/me/imports/<import_id>/rows")
def get_my_import_rows(import_id: str) -> Response[str]:
    """The rows that one import set aside."""
    athlete, _ = _import(import_id)
    asked = parameters.parse(parameters.Rows, router.current_event.raw_event)
    rows, token = _rows(athlete, import_id, asked)
    return door.answer(200, {"rows": rows, **token})


def _import(import_id: str) -> tuple[str, paging.Item]:
    athlete = callers.athlete(router.current_event.raw_event)
    annotate_span(user_id=athlete)
    found = items().get(ids.import_key(athlete, import_id))
    if found is None:
        raise Problem(
            404, "there is no such import; one whose file was just uploaded takes a moment to begin"
        )
    return athlete, found


def _rows(
    athlete: str, import_id: str, asked: parameters.Rows
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    partition = keys.import_pk(athlete, import_id)

    def read(after: str | None, limit: int) -> tuple[list[paging.Item], str | None]:
        return items().page(partition, keys.set_aside_prefix(), after, limit)

    return page(athlete, f"/me/imports/{import_id}/rows", asked, read, shape=imports.row_view)
