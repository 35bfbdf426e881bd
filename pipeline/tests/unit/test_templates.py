from __future__ import annotations

import pytest

from deploy import graph, run, templates
from deploy.templates import TemplateError
from tests.toy import Toy


def test_short_tags_become_long_forms_and_dates_stay_text(toy: Toy) -> None:
    toy.write(
        "infra/tags.yml",
        """
        AWSTemplateFormatVersion: 2010-09-09
        Conditions:
          IsProd: !Equals [!Ref Stage, prod]
        Resources:
          A:
            Type: AWS::SNS::Topic
            Condition: IsProd
            Properties:
              TopicName: !If [IsProd, !GetAtt B.Nested.Arn, !Sub "x-${Stage}"]
              Policy: {Version: 2012-10-17, Same: !Condition IsProd}
        """,
    )
    body = next(found for found in templates.discover(toy.root) if found.stack == "tags").body
    assert body == {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {
            "A": {
                "Type": "AWS::SNS::Topic",
                "Condition": "IsProd",
                "Properties": {
                    "TopicName": {
                        "Fn::If": [
                            "IsProd",
                            {"Fn::GetAtt": ["B", "Nested.Arn"]},
                            {"Fn::Sub": "x-${Stage}"},
                        ]
                    },
                    "Policy": {"Version": "2012-10-17", "Same": {"Condition": "IsProd"}},
                },
            }
        },
    }


def test_exports_and_imports_have_names_that_compare(toy: Toy) -> None:
    base, hello = templates.discover(toy.root)
    assert [(export.output, export.name) for export in base.exports] == [
        ("QueueArn", "wotr-base-${Stage}-QueueArn")
    ]
    assert base.exports[0].description == "Where greetings go"
    assert [found.name for found in hello.imports] == ["wotr-base-${Stage}-QueueArn"]
    line = hello.path.read_text().splitlines()[hello.imports[0].line - 1]
    assert line.strip() == "Fn::ImportValue: !Sub wotr-base-${Stage}-QueueArn"


def test_an_import_may_be_written_with_a_list_of_variables(toy: Toy) -> None:
    toy.replace(
        "services/hello/template.yml",
        "!Sub wotr-base-${Stage}-QueueArn",
        '!Sub ["wotr-${Owner}-${Stage}-QueueArn", {Owner: base}]',
    )
    _, hello = templates.discover(toy.root)
    assert [found.name for found in hello.imports] == ["wotr-base-${Stage}-QueueArn"]


@pytest.mark.parametrize("name", ["!Ref Something", "!Sub wotr-${Other}-${Stage}-QueueArn"])
def test_an_import_that_cannot_be_followed_is_refused_with_file_and_line(toy: Toy, name: str) -> None:
    toy.replace("services/hello/template.yml", "!Sub wotr-base-${Stage}-QueueArn", name)
    _, hello = templates.discover(toy.root)
    with pytest.raises(TemplateError, match=r"services/hello/template\.yml:\d+: cannot tell which export"):
        _ = hello.imports


def test_functions_inherit_what_globals_say(toy: Toy) -> None:
    toy.replace(
        "services/hello/template.yml",
        "    CodeUri: .\n",
        "    CodeUri: .\n    Environment: {Variables: {A: 1}}\n",
    )
    (function,) = templates.discover(toy.root)[1].functions
    assert (function.logical_id, function.handler, function.alias) == (
        "Greet",
        "wotr_hello.handlers.greet.handler",
        "live",
    )
    assert function.environment == {"A": "1"}


def test_a_key_that_appears_twice_is_refused_with_its_line(toy: Toy) -> None:
    toy.write("infra/base.yml", "Resources:\n  A: {Type: X}\n  A: {Type: Y}\n")
    with pytest.raises(TemplateError, match=r"infra/base\.yml:3: the key 'A' appears twice"):
        templates.discover(toy.root)


@pytest.mark.parametrize("text", ["- a list\n", "Outputs: {}\n", "a: [\n", ""])
def test_what_is_no_template_is_refused_by_name(toy: Toy, text: str) -> None:
    toy.write("infra/base.yml", text)
    with pytest.raises(TemplateError, match=r"infra/base\.yml:\d+: "):
        templates.discover(toy.root)


def test_two_templates_of_one_stack_are_refused(toy: Toy) -> None:
    toy.write("infra/hello.yml", "Resources: {}\n")
    with pytest.raises(TemplateError, match=r"infra/hello\.yml and services/hello/template\.yml"):
        templates.discover(toy.root)


def test_the_bootstrap_stack_serves_all_stages(toy: Toy) -> None:
    bootstrap, base, _ = templates.everything(toy.root)
    assert bootstrap.stack_name("prod") == "wotr-bootstrap"
    assert base.stack_name("prod") == "wotr-base-prod"
    assert "wotr-bootstrap-ArtifactBucketName" in [export.name for export in bootstrap.exports]


BORROWING = """
Metadata:
  wotr:
    deployed: on request
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Handler: hello.greet.handler
      CodeUri: ../services/hello/src
"""


def test_an_infrastructure_template_may_borrow_a_services_code(toy: Toy) -> None:
    toy.write("infra/extra.yml", BORROWING)
    extra = next(found for found in templates.discover(toy.root) if found.stack == "extra")
    assert extra.service == toy.root / "services" / "hello"
    second = BORROWING.partition("Resources:\n")[2].replace("Function:", "Other:", 1)
    toy.write("infra/extra.yml", BORROWING + second.replace("services/hello", "services/other"))
    with pytest.raises(TemplateError, match=r"infra/extra\.yml: all its functions"):
        _ = next(found for found in templates.discover(toy.root) if found.stack == "extra").service


def test_a_stack_on_request_is_deployed_when_it_is_named_and_checked_always(toy: Toy) -> None:
    toy.write("infra/extra.yml", BORROWING)
    whole = graph.build(templates.everything(toy.root))
    assert "extra" in whole.templates
    assert run.select(whole, []) == ["base", "hello"]
    assert run.select(whole, ["extra"]) == ["extra"]
    assert run.select(whole, [], on_request=True) == ["base", "extra", "hello"]
    toy.replace("infra/extra.yml", "on request", "sometimes")
    with pytest.raises(TemplateError, match="'sometimes'"):
        run.select(graph.build(templates.everything(toy.root)), [])
