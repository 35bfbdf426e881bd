from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy import cli, graph, templates
from deploy.graph import GraphError
from deploy.templates import Mapping, Template
from tests.toy import PIPELINE, Toy

ROOT = PIPELINE.parent


def test_a_stack_comes_after_those_it_imports_from_and_beside_those_it_does_not(toy: Toy) -> None:
    toy.add_service("again")
    toy.write("infra/alone.yml", "Resources: {}\n")
    built = graph.build(templates.discover(toy.root))
    assert built.batches() == [["alone", "base"], ["again", "hello"]]
    assert built.importers("wotr-base-${Stage}-QueueArn") == ["again", "hello"]


def test_a_renamed_export_names_both_files_and_the_new_name(toy: Toy) -> None:
    toy.replace("infra/base.yml", "-QueueArn", "-QueuesArn")
    with pytest.raises(GraphError) as caught:
        graph.build(templates.discover(toy.root))
    text = str(caught.value)
    assert text.startswith("services/hello/template.yml:")
    assert "infra/base.yml" in text
    assert "wotr-base-${Stage}-QueueArn" in text
    assert "Did you mean wotr-base-${Stage}-QueuesArn?" in text


def test_an_import_from_a_stack_that_nobody_makes_is_refused(toy: Toy) -> None:
    (toy.root / "infra" / "base.yml").unlink()
    with pytest.raises(GraphError, match=r"imports wotr-base-.* no template makes a stack of that name"):
        graph.build(templates.discover(toy.root))


def test_an_export_with_two_owners_names_both_files(toy: Toy) -> None:
    toy.write(
        "infra/other.yml",
        """
        Resources: {}
        Outputs:
          QueueArn: {Value: x, Export: {Name: !Sub "wotr-base-${Stage}-QueueArn"}}
        """,
    )
    with pytest.raises(GraphError, match=r"exported twice: infra/base\.yml:\d+ and infra/other\.yml:\d+"):
        graph.build(templates.discover(toy.root))


def test_a_cycle_names_its_files_and_exports(toy: Toy) -> None:
    toy.replace(
        "infra/base.yml",
        "Type: AWS::SQS::Queue",
        "Type: AWS::SQS::Queue\n    Metadata: {By: !ImportValue 'wotr-hello-${Stage}-GreetName'}",
    )
    with pytest.raises(GraphError) as caught:
        graph.build(templates.discover(toy.root))
    text = str(caught.value)
    assert "imports wotr-hello-${Stage}-GreetName from services/hello/template.yml" in text
    assert "imports wotr-base-${Stage}-QueueArn from infra/base.yml" in text


def test_check_fails_with_both_files_on_the_terminal(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--root", str(toy.root), "check"]) == 0
    toy.replace("infra/base.yml", "-QueueArn", "-Renamed")
    assert cli.main(["--root", str(toy.root), "check"]) == 1
    text = capsys.readouterr().err
    assert "infra/base.yml" in text
    assert "services/hello/template.yml" in text


def test_the_real_templates_fit_together_and_every_import_holds_its_export() -> None:
    real = templates.everything(ROOT)
    built = graph.build(real)
    imported = {wanted.name for template in real for wanted in template.imports}
    assert imported, "the services import from each other"
    for template in real:
        for export in template.exports:
            rest = [found for found in template.exports if found != export]
            changed = [_with_exports(t, rest) if t is template else t for t in real]
            importers = built.importers(export.name)
            if not importers:
                graph.build(changed)
                continue
            with pytest.raises(GraphError) as caught:
                graph.build(changed)
            for importer in importers:
                assert built.templates[importer].where in str(caught.value)
            assert template.where in str(caught.value)


@given(st.lists(st.sets(st.integers(0, 7), max_size=4), min_size=1, max_size=8))
def test_whatever_the_imports_the_order_respects_them_or_the_graph_is_refused(wanted: list[set[int]]) -> None:
    made = [_template(number, needs, len(wanted)) for number, needs in enumerate(wanted)]
    edges = {f"s{number}": {f"s{n}" for n in needs if n < len(wanted)} for number, needs in enumerate(wanted)}
    try:
        batches = graph.build(made).batches()
    except GraphError:
        assert _cyclic(edges)
        return
    assert not _cyclic(edges)
    assert sorted(stack for batch in batches for stack in batch) == sorted(edges)
    done: set[str] = set()
    for batch in batches:
        assert all(edges[stack] <= done for stack in batch)
        done.update(batch)


def _template(number: int, needs: set[int], count: int) -> Template:
    imports = [{"Fn::ImportValue": f"wotr-s{other}-${{Stage}}-X"} for other in needs if other < count]
    export = Mapping({"Value": "x", "Export": {"Name": f"wotr-s{number}-${{Stage}}-X"}})
    body = Mapping({"Resources": {}, "Outputs": {"X": export}, "Uses": [Mapping(found) for found in imports]})
    return Template(Path(f"/r/infra/s{number}.yml"), f"s{number}", body, Path("/r"))


def _with_exports(template: Template, exports: list[templates.Export]) -> Template:
    kept = {export.output for export in exports}
    outputs = {name: value for name, value in template.body["Outputs"].items() if name in kept}
    body = Mapping({**template.body, "Outputs": outputs})
    return Template(template.path, template.stack, body, template.root)


def _cyclic(edges: dict[str, set[str]]) -> bool:
    """By removing what needs nothing until nothing changes: another way than graphlib's."""
    left = dict(edges)
    while free := [stack for stack, needs in left.items() if not needs & set(left)]:
        for stack in free:
            del left[stack]
    return bool(left)
