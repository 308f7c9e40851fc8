"""Modules and functions stay small enough to be read at once."""

from __future__ import annotations

import ast

from tests.house.sources import ROOT, modules, others, tree

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 40
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base"}


def test_no_module_is_longer_than_the_house_allows() -> None:
    """A module has one idea; one that outgrows its limit has two."""
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in (*modules(), *others())}
    assert lengths
    assert {name: length for name, length in lengths.items() if length > MAX_MODULE_LINES} == {}


def test_no_function_is_longer_than_the_house_allows() -> None:
    """A function, its docstring left out, fits on a screen."""
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": size
        for path in (*modules(), *others())
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (size := _lines(node)) > MAX_FUNCTION_LINES
    }
    assert long == {}


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def test_modules_are_named_after_a_thing() -> None:
    """A drawer called utils or helpers hides what is in it."""
    parts = {part for path in (*modules(), *others()) for part in (*path.relative_to(ROOT).parts[:-1], path.stem)}
    assert parts & FORBIDDEN_NAMES == set()
