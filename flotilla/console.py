"""How things look in a terminal."""

from __future__ import annotations

import json
from typing import Any, Literal

import yaml
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from federation.state.conditions import Condition
from federation.state.status import FederationStatus, ObjectStatus

Output = Literal["text", "json", "yaml"]
out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
_WIDEST = 1000
_COLOUR = {"True": "green", "False": "red", "Unknown": "yellow"}


def print_data(content: Any, form: Output) -> None:
    """Print a value as JSON or YAML, for programs."""
    text = json.dumps(content, indent=2) if form == "json" else yaml.safe_dump(content, sort_keys=False)
    out.print(text.rstrip(), markup=False)


def print_tree(tree: Tree, console: Console = out) -> None:
    """Print a tree with its lines whole: they go on below in a terminal, and are as long as they are elsewhere."""
    if console.is_terminal:
        console.print(tree, soft_wrap=False)
    else:
        Console(file=console.file, width=_WIDEST, highlight=False, emoji=False).print(tree)


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def status_tree(status: FederationStatus, *, everything: bool = False) -> Tree:
    """What is wrong, with the way to it; what is fine is folded into one line."""
    tree = Tree(f"[bold]{status.federation}[/] [dim]generation {status.generation}[/] {status.phase}")
    converged = status.root.condition("Converged")
    if converged is not None and converged.status != "True":
        tree.add(_condition(converged))
    for part in status.root.parts:
        _branch(tree, part, everything=everything)
    return tree


def _branch(tree: Tree, part: ObjectStatus, *, everything: bool) -> None:
    fine = all(condition.status == "True" for _, condition in part.walk())
    facts = " ".join(_fact(name, value) for name, value in part.facts.items() if value)
    node = tree.add(f"{_dot(part.summary)} {part.kind} [bold]{part.name}[/] [dim]{facts}[/]")
    if fine and not everything:
        return
    for condition in part.conditions:
        if everything or condition.status != "True":
            node.add(_condition(condition))
    for child in part.parts:
        if everything or any(condition.status != "True" for _, condition in child.walk()):
            _branch(node, child, everything=everything)


def _fact(name: str, value: str) -> str:
    """Times below what a probe can measure are told so."""
    if not name.endswith("Ms"):
        return value
    return "under 10 ms" if value == "0" else f"{value} ms"


def _dot(condition: Condition) -> str:
    return f"[{_COLOUR[condition.status]}]●[/]"


def _condition(condition: Condition) -> Text:
    text = Text(f"{condition.type}: ", style=_COLOUR[condition.status])
    text.append(f"{condition.status}, {condition.reason}", style="default")
    return text.append(f": {condition.message}" if condition.message else "", style="default")
