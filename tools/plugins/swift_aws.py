"""A pytest plugin that spares unit tests work in moto and botocore that no test looks at: half of their time.

The runner adds it (``tools/suites.py``). Without it the same tests pass, later. It reaches into both, whose
versions are pinned; what it expects there and does not find is an error.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import gc
import importlib.util
import threading
from types import SimpleNamespace
from typing import Any

# CPython's 700 has it look through all that moto and botocore hold many times in each second.
OBJECTS = 50_000


def pytest_collection_finish() -> None:
    """When all modules are there: what lives as long as the tests is not looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS, *gc.get_threshold()[1:])


def pytest_configure() -> None:
    """Before the first call of any client."""
    if importlib.util.find_spec("moto"):
        _attribute_values()
        _names_of_actions()
        _user_agent()
        with contextlib.suppress(ImportError):  # the project does not use the service
            _copies_of_tables()
        with contextlib.suppress(ImportError):
            _keys_of_kms()
        with contextlib.suppress(ImportError):
            _key_of_sns()


def _attribute_values() -> None:
    """In each attribute of an item moto looks for ten types under a dozen names, and has a plain dict."""
    from moto.core.serialize import JSONSerializer  # noqa: PLC0415 - where there is no moto

    usual = JSONSerializer._serialize_type_structure

    @functools.wraps(usual)
    def serialize(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name != "AttributeValue" or type(value) is not dict:
            usual(self, serialized, value, shape, key)
            return
        made: dict[str, Any] = {}
        for kind, inner in value.items():
            if inner is not None:
                self._serialize(made, inner, shape.members[kind], kind)
        self._default_serialize(serialized, made, shape, key)

    JSONSerializer._serialize_type_structure = serialize  # type: ignore[method-assign]


def _names_of_actions() -> None:
    """At each call moto lists the methods of the service's class."""
    from moto.core import responses  # noqa: PLC0415 - where there is no moto

    vars(responses)["method_names_from_class"] = functools.cache(vars(responses)["method_names_from_class"])


def _user_agent() -> None:
    """At each call botocore says at length what it runs on."""
    from botocore.useragent import UserAgentString  # noqa: PLC0415 - where there is no moto

    UserAgentString.to_string = lambda _: "tests"  # type: ignore[method-assign,assignment]


def _copies_of_tables() -> None:
    """For each item of a transaction moto copies the table, before it changes anything: once will do."""
    from moto.dynamodb import models  # noqa: PLC0415 - where there is no moto
    from moto.dynamodb.models.table import Table  # noqa: PLC0415

    usual, kept = models.DynamoDBBackend.transact_write_items, threading.local()

    def deepcopy(value: Any) -> Any:
        if not isinstance(value, Table):
            return copy.deepcopy(value)
        if id(value) not in kept.copies:
            kept.copies[id(value)] = copy.deepcopy(value)
        return kept.copies[id(value)]

    def transact(self: Any, items: list[dict[str, Any]]) -> None:
        kept.copies = {}
        usual(self, items)

    vars(models)["copy"] = SimpleNamespace(deepcopy=deepcopy)
    models.DynamoDBBackend.transact_write_items = transact  # type: ignore[method-assign,assignment]


def _keys_of_kms() -> None:
    """With every KMS key, symmetric ones too, moto makes an RSA key: 80 ms."""
    from moto.kms import models  # noqa: PLC0415 - where there is no moto

    vars(models)["generate_private_key"] = functools.cache(vars(models)["generate_private_key"])


def _key_of_sns() -> None:
    """With every subscription moto makes the RSA key that SNS signs with: 50 ms."""
    from moto.sns.models import Subscription  # noqa: PLC0415 - where there is no moto

    make = functools.cache(Subscription.private_key.__wrapped__)
    Subscription.private_key = lambda _: make(None)  # type: ignore[method-assign,assignment]
