from __future__ import annotations

import pytest

from deploy import cli, outputs
from deploy.errors import DeployError
from tests.toy import Toy


def test_the_note_lists_outputs_and_importers_and_notices_when_it_is_stale(toy: Toy) -> None:
    path = outputs.write(toy.root)
    text = path.read_text()
    assert "| `QueueArn` | Where greetings go | hello |" in text
    assert "| `GreetName` | The function's name | – |" in text
    assert "Stack `wotr-base-<stage>`, from [infra/base.yml](../infra/base.yml)." in text
    assert "Stack `wotr-bootstrap`" in text
    outputs.check(toy.root)
    toy.replace("infra/base.yml", "Where greetings go", "Where greetings end")
    with pytest.raises(DeployError, match=r"notes/outputs\.md is not what the templates say"):
        outputs.check(toy.root)
    assert cli.main(["--root", str(toy.root), "outputs", "--check"]) == 1
    assert cli.main(["--root", str(toy.root), "outputs"]) == 0
    assert cli.main(["--root", str(toy.root), "outputs", "--check"]) == 0
