"""A function's environment as one typed model, validated when the function starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_snake


class SettingsError(Exception):
    """The environment does not fit the settings; the message names the variables, never their values."""


def _variable(field: str) -> str:
    return to_snake(field).upper()


class Settings(BaseModel):
    """Base of a function's settings: field `workouts_table` is read from `WORKOUTS_TABLE`."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=_variable)

    wotr_stage: Literal["dev", "prod"]

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Settings from `environ` (None: the process's own); SettingsError names what is missing or wrong."""
        try:
            return cls.model_validate(dict(os.environ if environ is None else environ))
        except ValidationError as error:
            names = ", ".join(str(found["loc"][0]) for found in error.errors(include_input=False))
            raise SettingsError(f"set or correct in the function's environment: {names}") from None
