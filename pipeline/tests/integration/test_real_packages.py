"""The services' own packages: within budget, importable from bytecode alone, the same on both Pythons."""

from __future__ import annotations

import pytest

from deploy import imports, packages, templates
from tests.toy import PIPELINE

pytestmark = pytest.mark.integration
ROOT = PIPELINE.parent


def test_every_handler_of_every_service_imports_and_nothing_is_compiled() -> None:
    found = [template for template in templates.discover(ROOT) if template.functions]
    built = packages.build(found, packages.HOST, ROOT)
    for template in found:
        results = imports.check(built[template.stack].path, template)
        assert [result.compiled for result in results] == [()] * len(template.functions)
