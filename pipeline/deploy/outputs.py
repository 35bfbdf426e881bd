"""``notes/outputs.md``: every exported output, and who imports it, read from the templates."""

from __future__ import annotations

from pathlib import Path

from deploy import graph, templates
from deploy.errors import DeployError

NOTE = Path("notes") / "outputs.md"

_HEAD = """# Outputs of the stacks

What each stack offers to others. An output is a contract: `python3 noxfile.py -s templates` fails when one
that somebody imports goes away. `<stage>` is `dev` or `prod`. Import one with

```yaml
Fn::ImportValue: !Sub wotr-data-${Stage}-WorkoutsTableArn
```

Generated from the templates by `python3 noxfile.py -s deploy -- outputs`; do not edit.
"""


def render(root: Path) -> str:
    """The whole note as text."""
    whole = graph.build(templates.everything(root))
    order = [stack for batch in whole.batches() for stack in batch]
    return "\n".join([_HEAD, *(_section(whole, stack) for stack in order)])


def write(root: Path) -> Path:
    """Write the note; its path."""
    path = root / NOTE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(root), encoding="utf-8")
    return path


def check(root: Path) -> None:
    """Raise DeployError if the note is not what the templates say."""
    path = root / NOTE
    if not path.exists() or path.read_text(encoding="utf-8") != render(root):
        raise DeployError(
            f"{NOTE.as_posix()} is not what the templates say. Write it again: "
            "python3 noxfile.py -s deploy -- outputs"
        )


def _section(whole: graph.Graph, stack: str) -> str:
    template = whole.templates[stack]
    name = template.stack_pattern.replace("${Stage}", "<stage>")
    lines = [f"## {stack}", "", f"Stack `{name}`, from [{template.where}](../{template.where}).", ""]
    if template.on_request:
        lines += [f"Deployed only when it is named: `deploy -- up --stage dev {stack}`.", ""]
    if not template.exports:
        return "\n".join([*lines, "Exports nothing.", ""])
    lines += ["| output | what it is | imported by |", "|---|---|---|"]
    for export in sorted(template.exports, key=lambda export: export.output):
        importers = ", ".join(sorted(whole.importers(export.name))) or "–"
        description = " ".join(export.description.split()).replace("|", "\\|")
        lines.append(f"| `{export.output}` | {description} | {importers} |")
    return "\n".join([*lines, ""])
