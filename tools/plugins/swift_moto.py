"""A pytest plugin that spares unit tests work no test looks at: half of their time.

The runner adds it (``tools/suites.py``). Without it the same tests pass, later. It reaches into moto, whose
version is pinned; what it expects there and does not find is an error.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib.util
from typing import Any

import pytest

# CPython's 700 has it look through all that moto and botocore hold many times in each second.
OBJECTS = 50_000


def pytest_collection_finish() -> None:
    """When all modules are there: what lives as long as the tests is not looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS, *gc.get_threshold()[1:])


def pytest_configure(config: pytest.Config) -> None:
    """Before the first call of any client."""
    del config
    if importlib.util.find_spec("moto"):
        _attribute_values()
        with contextlib.suppress(ImportError):  # the project does not use the service
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


def _keys_of_kms() -> None:
    """With every KMS key, symmetric ones too, moto makes an RSA key: 80 ms."""
    from moto.kms import models  # noqa: PLC0415 - where there is no moto

    vars(models)["generate_private_key"] = functools.cache(vars(models)["generate_private_key"])


def _key_of_sns() -> None:
    """With every subscription moto makes the RSA key that SNS signs with: 50 ms."""
    from moto.sns.models import Subscription  # noqa: PLC0415 - where there is no moto

    make = functools.cache(Subscription.private_key.__wrapped__)
    Subscription.private_key = lambda _: make(None)  # type: ignore[method-assign,assignment]
