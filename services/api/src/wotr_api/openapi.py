"""The OpenAPI 3.1 document, made from the route table and the models.

python -m wotr_api.openapi            writes openapi.json
python -m wotr_api.openapi --check    says whether it is up to date
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from wotr_api.routes import ROUTES, Route
from wotr_common.problems import CONTENT_TYPE

DOCUMENT = Path(__file__).resolve().parents[2] / "openapi.json"
_REFERENCE = "#/components/schemas/{model}"
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "sigv4": [{"sigv4": []}],
    "cognito": [{"cognito": []}],
    "open": [],
}
_PROBLEMS = {
    400: "The body is not JSON",
    401: "Not signed in",
    403: "Not signed, not allowed, or called from where nobody may call",
    404: "Not there",
    409: "What is stored is at another version (`current` shows it) or in another state, "
    "the Idempotency-Key was used with another body, or its first call is still running",
    413: "The body is too large: 64 KiB, with sets 512 KiB",
    415: "The body is not declared as JSON",
    422: "Fields or parameters are wrong: `errors` names each",
    429: "Too many calls: wait for `Retry-After` seconds",
    500: "An error of ours",
    503: "Nothing was accepted: try again after `Retry-After` seconds",
}
# What is in a file: a table is text, and our JSON export one object. The readers in workers know its items.
_FILES: dict[str, dict[str, Any]] = {
    "text/csv": {"type": "string"},
    "application/json": {
        "type": "object",
        "properties": {
            "format": {"const": "wotr"},
            "version": {"type": "integer"},
            "items": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["format", "version", "items"],
    },
}
_RETRY_AFTER = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same call with the same key is answered as before for 24 hours, and not done again",
    "schema": {"type": "string", "pattern": "^[!-~]{1,64}$"},
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "The version that you saw, in quotes; instead of `version`",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,13}"$'},
}


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    pointer: Annotated[
        str, Field(description="JSON pointer into the body, or a parameter's or header's name")
    ]
    message: str


class ProblemDetails(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int | None = None
    detail: str
    errors: list[FieldProblem] = []
    current: dict[str, Any] | None = Field(
        None, description="409: what is stored now, where the version that was named is another"
    )
    correlationId: Annotated[str, Field(description="also in X-Correlation-Id, and in every log line")]  # noqa: N815


def document() -> dict[str, Any]:
    """The whole document."""
    _, definitions = models_json_schema(list(_models()), ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "wotr",
            "version": "1.0.0",
            "description": "Workouts: accepted through a queue, read back with history and totals. "
            "Every error is application/problem+json. "
            "X-Correlation-Id is answered, and may be sent (up to 64 of A-Z a-z 0-9 - _ . :).",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {
                "url": "https://{api}.execute-api.{region}.amazonaws.com/{stage}",
                "description": "the stack's output ApiEndpoint",
                "variables": {
                    "api": {"default": "api-id"},
                    "region": {"default": "eu-central-1"},
                    "stage": {"default": "dev", "enum": ["dev", "prod"]},
                },
            }
        ],
        "paths": paths,
        "components": {
            "schemas": _without_null_defaults(dict(sorted(definitions["$defs"].items()))),
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4, service execute-api",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
                "cognito": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "ID token of the user pool",
                },
            },
        },
    }


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> str | None:
    """Write or check the document; what is wrong, None where nothing is."""
    if arguments not in ([], ["--check"]):
        return "usage: python -m wotr_api.openapi [--check]"
    if not arguments:
        DOCUMENT.write_text(text(), encoding="utf-8")
        print(f"written: services/api/{DOCUMENT.name}")  # noqa: T201 - says what it did
    elif not DOCUMENT.is_file() or DOCUMENT.read_text(encoding="utf-8") != text():
        return f"{DOCUMENT.name} is not what the code says: write it anew with python3 noxfile.py -s openapi"
    return None


def _models() -> Iterable[tuple[type[BaseModel], JsonSchemaMode]]:
    yield ProblemDetails, "serialization"
    for route in ROUTES:
        if route.answer is not None:
            yield route.answer, "serialization"
        if route.body is not None:
            yield route.body, "validation"


def _without_null_defaults(schema: Any) -> Any:
    """`schema` without `"default": null`: in a merge patch, absent and null are not the same."""
    if isinstance(schema, dict):
        kept = {name: each for name, each in schema.items() if name != "default" or each is not None}
        return {name: _without_null_defaults(each) for name, each in kept.items()}
    return [_without_null_defaults(each) for each in schema] if isinstance(schema, list) else schema


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "security": _SECURITY[route.auth],
    }
    parameters = [*_path_parameters(route), *_query_parameters(route)]
    if route.method == "post":
        parameters.append(_IDEMPOTENCY_KEY)
    if route.method in {"patch", "delete"} and 409 in route.problems:
        parameters.append(_IF_MATCH)
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _json("application/json", route.body)}
    if parameters:
        operation["parameters"] = parameters
    operation["responses"] = _responses(route)
    return operation


def _path_parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(route: Route) -> Iterable[dict[str, Any]]:
    if route.query is None:
        return
    for name, schema in route.query.model_json_schema()["properties"].items():
        found = {
            key: value for key, value in schema.items() if key not in {"title", "description", "default"}
        }
        # what is left out is absent, never null
        kinds = [kind for kind in found.get("anyOf", [found]) if kind != {"type": "null"}]
        default = {"default": schema["default"]} if schema.get("default") is not None else {}
        yield {
            "name": name,
            "in": "query",
            "description": schema["description"],
            "schema": {**kinds[0], **default},
        }


def _responses(route: Route) -> dict[str, Any]:
    answers: dict[str, Any] = {str(route.status): _success(route)}
    if route.files:
        answers["200"] = _file(route)
    # 403 on each of them: the resource policy may let certain addresses call, and nobody else
    gateway = {"sigv4": (403,), "cognito": (401, 403), "open": (403,)}[route.auth]
    for status in sorted({*route.problems, *gateway, 429, 500, *(() if route.auth == "open" else (503,))}):
        answers[str(status)] = {
            "description": _PROBLEMS[status],
            "content": _json(CONTENT_TYPE, ProblemDetails),
            **({"headers": _RETRY_AFTER} if status in {429, 503} else {}),
        }
    return answers


def _success(route: Route) -> dict[str, Any]:
    if route.answer is None:
        return {"description": "Done; there is no body"}
    said: dict[str, Any] = {
        "description": (route.answer.__doc__ or "").split("\n")[0],
        "content": _json("application/json", route.answer),
    }
    if route.place is not None:
        where = route.place if route.files else f"{route.place}, relative to this address"
        said["headers"] = {"Location": {"description": where, "schema": {"type": "string"}}}
    return said


def _file(route: Route) -> dict[str, Any]:
    saved = {"description": "under which name to save it", "schema": {"type": "string"}}
    return {
        "description": "The file",
        "headers": {"Content-Disposition": saved},
        "content": {content_type: {"schema": _FILES[content_type]} for content_type in route.files},
    }


def _json(content_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {content_type: {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
