"""What the routes read from, made when first needed, and the environment that says where it is."""

from __future__ import annotations

from functools import cache

from wotr_api.clients import client, notes, table
from wotr_api.kept_secret import KeptSecret
from wotr_api.page_tokens import PageTokens
from wotr_api.store import Items, Workouts
from wotr_api.views import Views
from wotr_common.limits import LimitsReader
from wotr_common.settings import Settings


class QuerySettings(Settings):
    """What `query` is told by its environment."""

    workouts_table: str
    views_table: str
    limits_path: str
    page_token_secret: str
    notes_key_alias: str


settings = QuerySettings.load()


@cache
def workouts() -> Workouts:
    """Workouts of the table."""
    return Workouts(table(settings.workouts_table), notes(settings.notes_key_alias))


@cache
def items() -> Items:
    """Everything else in it."""
    return Items(table(settings.workouts_table), notes(settings.notes_key_alias))


@cache
def views() -> Views:
    """What is kept ready of each athlete."""
    return Views(table(settings.views_table))


@cache
def limits() -> LimitsReader:
    """The limits in force."""
    return LimitsReader(client("ssm"), settings.limits_path)


@cache
def tokens() -> PageTokens:
    """Page tokens."""
    return PageTokens(KeptSecret(client("secretsmanager"), settings.page_token_secret))
