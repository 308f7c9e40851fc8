"""docs/conditions.md and the code say the same about reasons."""

from __future__ import annotations

import ast
import re

from tests.house.sources import ROOT, modules, tree

PRODUCT = {"federation", "registry", "providers", "clients", "blocks", "tasks", "flows", "door", "flotilla"}
REASON = re.compile(r"^[A-Z][A-Za-z0-9]+$")
REMOTE_STEP = re.compile(r"^[A-Z][A-Za-z0-9]{3,}Failed$")
"""Reasons of steps on machines are handed down as plain words."""
MAKERS = {
    "false": 1,
    "unknown": 1,
    "true": 1,
    "Unknown": 0,
    "Held": 1,
    "Condition": 2,
    "Outcome": 2,
    "LongStep": 3,
    "_unmet": 1,
    "Lack": 0,
}
"""Calls whose positional argument of that index is a reason."""


def reasons_in_code() -> set[str]:
    """Every reason that is written down in the product's code."""
    found: set[str] = set()
    for path in modules():
        if path.relative_to(ROOT).parts[0] in PRODUCT:
            for node in ast.walk(tree(path)):
                found |= set(_reasons(node))
    return found


def _reasons(node: ast.AST) -> list[str]:
    values: list[ast.expr] = []
    if isinstance(node, ast.ClassDef | ast.Module):
        values += [each.value for each in node.body if isinstance(each, ast.Assign) and _is_reason(each.targets[0])]
        values += [
            each.value
            for each in node.body
            if isinstance(each, ast.AnnAssign) and each.value and _is_reason(each.target)
        ]
    if isinstance(node, ast.Call):
        values += [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        index = MAKERS.get(name)
        values += [node.args[index]] if index is not None and len(node.args) > index else []
    if isinstance(node, ast.FunctionDef):
        with_default = node.args.args[len(node.args.args) - len(node.args.defaults) :]
        pairs = zip(with_default, node.args.defaults, strict=True)
        values += [default for argument, default in pairs if argument.arg == "reason"]
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and REMOTE_STEP.match(node.value):
        return [node.value]
    plain = [each for value in values if not isinstance(value, ast.JoinedStr) for each in ast.walk(value)]
    texts = [each.value for each in plain if isinstance(each, ast.Constant)]
    return [each for each in texts if isinstance(each, str) and REASON.match(each)]


def _is_reason(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and (target.id == "reason" or target.id.endswith("_REASON"))


def reasons_in_docs() -> set[str]:
    """Every reason that the table in the documentation lists."""
    text = (ROOT / "docs" / "conditions.md").read_text()
    return set(re.findall(r"^\| `([A-Z][A-Za-z0-9]+)` \|", text, re.MULTILINE))


def test_every_reason_is_explained_and_every_explained_reason_exists() -> None:
    """A reason that an operator meets can be looked up, and the table has no dead rows."""
    assert reasons_in_code() - reasons_in_docs() == set()
    assert reasons_in_docs() - reasons_in_code() == set()
