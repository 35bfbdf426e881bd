"""The API's route table: the document is generated from it, functions and template are compared with it.

Functions do not load it; it costs nothing at run time.
"""

from __future__ import annotations

from typing import Literal

from wotr_api.export import ExportLink
from wotr_api.load_report import Load
from wotr_api.parameters import ExportFormat, LoadDays, Records
from wotr_api.profile import ProfileView
from wotr_api.records import PersonalRecords
from wotr_api.routes import imports, sessions, workouts
from wotr_api.routes.route import Auth, Route
from wotr_api.secrets_check import SecretStates
from wotr_api.stats import Stats
from wotr_common.changes import ProfileFields
from wotr_common.workout import Record

__all__ = ["ROUTES", "Auth", "Route"]


class Health(Record):
    """The API answers."""

    status: Literal["ok"]
    stage: Literal["dev", "prod"]


ROUTES: tuple[Route, ...] = (
    *workouts.OF_EVERYBODY,
    *workouts.OWN,
    *sessions.SESSIONS,
    *imports.IMPORTS,
    Route(
        "get",
        "/me/records",
        "cognito",
        "query",
        "getMyRecords",
        "Your personal records with their history",
        PersonalRecords,
        query=Records,
        problems=(422,),
    ),
    Route(
        "get",
        "/me/load",
        "cognito",
        "query",
        "getMyLoad",
        "Your training load by day. It describes what you did and predicts nothing",
        Load,
        query=LoadDays,
        problems=(422,),
        pace="heavy",
    ),
    Route(
        "get",
        "/me/export",
        "cognito",
        "export",
        "getMyExport",
        "Everything that you have, as a file that POST /me/imports takes",
        ExportLink,
        status=303,
        query=ExportFormat,
        problems=(422,),
        place="the file, good for fifteen minutes",
        files=("text/csv", "application/json"),
        pace="heavy",
    ),
    Route(
        "get",
        "/me/stats",
        "cognito",
        "stats",
        "getMyStats",
        "Your totals. They follow the workouts within seconds",
        Stats,
    ),
    Route("get", "/me/profile", "cognito", "query", "getMyProfile", "What you said of yourself", ProfileView),
    Route(
        "patch",
        "/me/profile",
        "cognito",
        "change",
        "patchMyProfile",
        "Say something of yourself: units and time zone of your apps, and what load is measured by. "
        "What is absent stays, null takes it back",
        ProfileView,
        body=ProfileFields,
        problems=(400, 413, 415, 422),
    ),
    Route(
        "get",
        "/secrets-check",
        "sigv4",
        "secrets",
        "getSecretsCheck",
        "Whether the platform's secrets are there and looked after. Values are never shown",
        SecretStates,
    ),
    Route("get", "/health", "open", "health", "getHealth", "Whether the API answers", Health),
)
