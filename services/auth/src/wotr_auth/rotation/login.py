"""A database login as its secret holds it."""

from __future__ import annotations

import json
import secrets
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

# No quote and no capital: such a name means the same with and without quotes, and two letters may follow.
Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,60}$")]
TURNS = ("_a", "_b")


class LoginError(Exception):
    """The secret holds no login; the message names the fields, never their values."""


class Login(BaseModel):
    """Where to connect and as whom. `role` holds the rights; `username` is one of its two users."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    engine: Literal["postgres"] = "postgres"
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 5432
    dbname: Annotated[str, Field(min_length=1)]
    role: Name
    username: str
    password: SecretStr

    @model_validator(mode="after")
    def _takes_turns(self) -> Self:
        if self.username not in self.users():
            raise ValueError(f"username must be one of {', '.join(self.users())}")
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """The login in the text of a secret; LoginError where there is none."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            wrong = error.errors(include_input=False, include_url=False)
            names = sorted({str(each["loc"][0]) if each["loc"] else "username" for each in wrong})
            raise LoginError(f"the secret is no login of PostgreSQL: look at {', '.join(names)}") from None

    def users(self) -> tuple[str, str]:
        """The two users that take turns."""
        first, second = (f"{self.role}{turn}" for turn in TURNS)
        return first, second

    def following(self) -> Login:
        """The login to come: the other user with a password that nobody has seen."""
        first, second = self.users()
        other = second if self.username == first else first
        return self.model_copy(update={"username": other, "password": SecretStr(secrets.token_urlsafe(36))})

    def same_place(self, other: Login) -> bool:
        """Whether both lead to one database with the rights of one role."""
        mine = (self.host, self.port, self.dbname, self.role)
        return mine == (other.host, other.port, other.dbname, other.role)

    def text(self) -> str:
        """The login as the secret holds it."""
        return json.dumps({**self.model_dump(mode="json"), "password": self.password.get_secret_value()})
