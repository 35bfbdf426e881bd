"""The deployment graph, derived from the templates' exports and imports.

Nothing else says in which order stacks are deployed: a stack needs the stacks whose exports it imports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from deploy.errors import DeployError
from deploy.templates import Export, Import, Template


class GraphError(DeployError):
    """Exports and imports that do not fit together; the text lists every problem with its files."""


@dataclass(frozen=True)
class Graph:
    """Stacks and what each needs: ``needs["api"] == {"data", "platform"}``."""

    templates: Mapping[str, Template]
    needs: Mapping[str, frozenset[str]]

    def batches(self) -> list[list[str]]:
        """Stacks in order of deployment; those of one batch are independent of each other."""
        sorter = self.sorter()
        result = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready())
            result.append(ready)
            sorter.done(*ready)
        return result

    def sorter(self, only: Iterable[str] | None = None) -> TopologicalSorter[str]:
        """A prepared sorter over all stacks, or over some of them with the edges between those."""
        chosen = set(self.needs if only is None else only)
        sorter = TopologicalSorter({stack: self.needs[stack] & chosen for stack in chosen})
        sorter.prepare()
        return sorter

    def owner(self, name: str) -> str:
        """The stack that exports ``name``."""
        return next(
            stack
            for stack, template in self.templates.items()
            if any(export.name == name for export in template.exports)
        )

    def importers(self, name: str) -> list[str]:
        """The stacks that import the export ``name``."""
        return [
            stack
            for stack, template in self.templates.items()
            if any(found.name == name for found in template.imports)
        ]


def build(templates: Iterable[Template]) -> Graph:
    """The graph of these templates.

    Raises
    ------
    GraphError
        For an import that nobody exports, an export with two owners, or a cycle.
        Every problem is listed, each naming both files and the export.
    """
    known = {template.stack: template for template in templates}
    owners, problems = _owners(known)
    needs: dict[str, set[str]] = {stack: set() for stack in known}
    for stack, template in known.items():
        for wanted in template.imports:
            if wanted.name in owners:
                needs[stack].add(owners[wanted.name][0].stack)
            else:
                problems.append(_unexported(template, wanted, known))
    if problems:
        raise GraphError("\n".join(problems))
    graph = Graph(known, {stack: frozenset(found) for stack, found in needs.items()})
    try:
        graph.sorter()
    except CycleError as error:
        raise GraphError(_cycle(error.args[1], known, owners)) from None
    return graph


def _owners(known: dict[str, Template]) -> tuple[dict[str, tuple[Template, Export]], list[str]]:
    owners: dict[str, tuple[Template, Export]] = {}
    problems = []
    for template in known.values():
        for export in template.exports:
            if export.name in owners:
                other, first = owners[export.name]
                problems.append(
                    f"{export.name} is exported twice: {other.where}:{first.line} and "
                    f"{template.where}:{export.line}. Rename one of the outputs."
                )
            else:
                owners[export.name] = (template, export)
    return owners, problems


def _unexported(importer: Template, wanted: Import, known: dict[str, Template]) -> str:
    """Name the importing file and the file that should export, with the nearest name it does export."""
    text = f"{importer.where}:{wanted.line} imports {wanted.name}, "
    owner = next((t for t in known.values() if wanted.name.startswith(t.stack_pattern + "-")), None)
    if owner is None:
        stacks = ", ".join(sorted(known))
        return text + f"but no template makes a stack of that name. Stacks: {stacks}."
    names = [export.name for export in owner.exports]
    near = get_close_matches(wanted.name, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    output = wanted.name.removeprefix(owner.stack_pattern + "-")
    return text + (
        f"which {owner.where} does not export.{hint} "
        f"Bring the output {output} back, or change the import in {importer.where}."
    )


def _cycle(stacks: list[str], known: dict[str, Template], owners: dict[str, tuple[Template, Export]]) -> str:
    """``stacks`` as graphlib reports them: each is needed by the next, the last equals the first."""
    lines = ["these stacks need each other, so none can be deployed first:"]
    for needed, needing in pairwise(stacks):
        template = known[needing]
        wanted = next(w for w in template.imports if owners[w.name][0].stack == needed)
        lines.append(f"  {template.where}:{wanted.line} imports {wanted.name} from {known[needed].where}")
    lines.append("Move what both need into a stack of its own, or pass it by an event or a parameter.")
    return "\n".join(lines)
