"""What a value of a template points to, as one short text that means the same in every template.

``data.WorkoutsTable/index/GSI1`` is an index of the resource WorkoutsTable of the stack data; what is no
resource of ours is its ARN without partition, region and account: ``ssm:parameter/wotr/<stage>/workouts``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from deploy.errors import DeployError
from deploy.templates import Template

_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")
_ARN = re.compile(r"arn:\$\{AWS::Partition\}:([\w-]+):(?:\$\{AWS::Region\})?:(?:\$\{AWS::AccountId\})?:")
# What leads to a part of a resource; any other attribute (Arn, QueueName, …) is the resource itself.
_PARTS = {"StreamArn": "/stream"}


class Names:
    """The names of everything in ``templates``, exports followed to what they export."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self._exports = {
            export.name: (template, template.body["Outputs"][export.output]["Value"])
            for template in templates
            for export in template.exports
        }

    def of(self, template: Template, value: Any) -> str:
        """The name of what ``value`` in ``template`` points to; DeployError where nobody can tell."""
        if isinstance(value, str):
            return self._text(template, value, {})
        if isinstance(value, dict) and len(value) == 1:
            ((function, operand),) = value.items()
            match function:
                case "Ref":
                    return self._resource(template, operand, "")
                case "Fn::GetAtt":
                    resource, attribute = operand if isinstance(operand, list) else operand.split(".", 1)
                    return self._resource(template, resource, _PARTS.get(attribute, ""))
                case "Fn::ImportValue":
                    return self._imported(template, operand)
                case "Fn::Sub":
                    text, variables = operand if isinstance(operand, list) else (operand, {})
                    return self._text(template, text, variables)
        raise DeployError(
            f"{template.where}: nobody can tell what {value} points to; write it without choices"
        )

    def _imported(self, template: Template, operand: Any) -> str:
        name = template.literal(operand, 0)
        if name not in self._exports:
            raise DeployError(f"{template.where}: no stack exports {name}")
        return self.of(*self._exports[name])

    def _resource(self, template: Template, name: str, part: str) -> str:
        logical, _, _alias = name.partition(".")
        if logical in template.resources:
            return f"{template.stack}.{logical}{part}"
        return f"${{{name}}}"

    def _text(self, template: Template, text: str, variables: Mapping[str, Any]) -> str:
        def meant(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name in variables:
                return self.of(template, variables[name])
            if name.split(".")[0] in template.resources:
                return self.of(template, {"Fn::GetAtt": name} if "." in name else {"Ref": name})
            return match[0]

        short = _ARN.sub(r"\1:", _VARIABLE.sub(meant, text))
        return short.replace("${AWS::StackName}", template.stack_pattern).replace("${Stage}", "<stage>")
