"""No template holds a secret, nor hands one to where others can read it: environments, outputs, defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy import templates

ROOT = Path(__file__).resolve().parents[3]
# Properties of AWS::* whose value is a secret, in any type.
_SECRET = re.compile(
    r"(?i)(password|secretstring|secretaccesskey|privatekey|authtoken|oauthtoken|clientsecret|secretkey)$"
)
_VARIABLE = re.compile(r"(?i)password|secret|token|credential|private_?key|api_?key")
_RESOLVED = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):")


def walk(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value below `node` with the names that lead to it."""
    yield path, node
    if isinstance(node, dict):
        for name, value in node.items():
            yield from walk(value, (*path, str(name)))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from walk(value, (*path, str(number)))


def leaks(body: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a template, one sentence each."""
    declared = body.get("Parameters") or {}
    hidden = {name for name, each in declared.items() if str(each.get("NoEcho")) == "True"}
    for name in hidden:
        if "Default" in body["Parameters"][name]:
            yield f"parameter {name} is NoEcho, and its default stands in the template"
    for path, value in walk({name: body.get(name) or {} for name in ("Globals", "Resources")}):
        where = ".".join(path)
        if path[-3:-1] == ("Environment", "Variables"):
            yield from in_environment(where, path[-1], value, hidden)
        elif path and _SECRET.search(path[-1]) and isinstance(value, str) and not _RESOLVED.match(value):
            yield f"{where} is written out"
    for path, value in walk(body.get("Outputs") or {}):
        resolved = isinstance(value, str) and _RESOLVED.search(value)
        if resolved or value in [{"Ref": name} for name in hidden]:
            yield f"output {'.'.join(path)} shows a secret to whoever may describe the stack"


def in_environment(where: str, name: str, value: Any, hidden: set[str]) -> Iterator[str]:
    """Whoever may read a function's configuration reads its environment."""
    text = str(value)
    if isinstance(value, str) and _VARIABLE.search(name) and not text.startswith("arn:"):
        yield f"{where} is written out"
    if _RESOLVED.search(text):
        yield f"{where} would hold the secret itself: give its ARN"
    if any(f"'{each}'" in text or "${" + each + "}" in text for each in hidden):
        yield f"{where} takes a parameter that is not to be seen"


@pytest.mark.parametrize("template", templates.everything(ROOT), ids=lambda template: template.stack)
def test_no_template_holds_a_secret(template: templates.Template) -> None:
    assert list(leaks(template.body)) == []


def environment(**variables: Any) -> dict[str, Any]:
    properties = {"Environment": {"Variables": variables}}
    return {"Resources": {"Function": {"Type": "AWS::Serverless::Function", "Properties": properties}}}


def resource(**properties: Any) -> dict[str, Any]:
    return {"Resources": {"Thing": {"Type": "AWS::Some::Thing", "Properties": properties}}}


HIDDEN = {"Parameters": {"Code": {"Type": "String", "NoEcho": True}}}
DYNAMIC = "{{resolve:secretsmanager:database:SecretString:password}}"


@pytest.mark.parametrize(
    "body",
    [
        environment(DB_PASSWORD="x"),
        environment(TABLE_TOKEN="abc"),
        environment(DATABASE=DYNAMIC),
        environment(DATABASE={"Fn::Sub": DYNAMIC}),
        {**environment(CODE={"Ref": "Code"}), **HIDDEN},
        {**environment(CODE={"Fn::Sub": "x-${Code}"}), **HIDDEN},
        {"Globals": {"Function": {"Environment": {"Variables": {"API_KEY": "x"}}}}},
        resource(MasterUserPassword="x"),
        resource(Inner=[{"SecretString": "x"}]),
        {"Parameters": {"Code": {"Type": "String", "NoEcho": True, "Default": "x"}}},
        {"Outputs": {"Password": {"Value": DYNAMIC}}},
        {"Outputs": {"Code": {"Value": {"Ref": "Code"}}}, **HIDDEN},
    ],
)
def test_a_secret_in_a_template_is_found(body: dict[str, Any]) -> None:
    assert len(list(leaks(body))) == 1


@pytest.mark.parametrize(
    "body",
    [
        environment(PAGE_TOKEN_SECRET={"Ref": "PageTokenSecret"}, TABLE="workouts"),
        resource(MasterUserPassword=DYNAMIC),
        resource(MasterUserPassword={"Ref": "Code"}) | HIDDEN,
        resource(GenerateSecretString={"PasswordLength": 64}),
    ],
)
def test_a_reference_is_none(body: dict[str, Any]) -> None:
    assert list(leaks(body)) == []
