"""What other stacks and readers may rely on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cfnlint.template import Template

from tools.template_rules import _house

_LOCAL = re.compile(
    r"\b(local|locally|laptop|localcloud|ministack|localstack|emulators?|127\.0\.0\.1)\b", re.IGNORECASE
)


class Exported(_house.HouseRule):
    """Downstream stacks import outputs by name, so the name follows from the output's."""

    id = "E9012"
    shortdesc = "An output is exported under the stack's name and its own"
    description = "Export: Name: !Sub ${AWS::StackName}-<OutputId>"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        for name, output in (cfn.template.get("Outputs") or {}).items():
            wanted = f"${{AWS::StackName}}-{name}"
            if _house.dig(output, "Export", "Name", "Fn::Sub") != wanted:
                yield ["Outputs", name], f"output {name} needs Export: Name: !Sub {wanted}"


class PureAws(_house.HouseRule):
    """A template that knows where it runs is not the one that was tested."""

    id = "E9013"
    shortdesc = "Nothing in a template says local"
    description = "No word of the file, comments included, speaks of anything but AWS"

    def breaches(self, cfn: Template) -> Iterator[_house.Breach]:
        text = Path(cfn.filename).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            match = _LOCAL.search(line)
            if match:
                yield [], f"line {number} says {match[0]!r}: bridge what differs in infra/local instead"
