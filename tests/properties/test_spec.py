"""Whatever a spec says, the loader answers with a federation or with problems that have a place and a message."""

from __future__ import annotations

import re
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.spec.federation import Federation
from federation.spec.loading import load
from federation.spec.problems import SpecErrors
from tests.unit.spec.knowledge import KNOWLEDGE
from tests.unit.spec.test_loading import FEDERATIONS

NAMES = sorted(FEDERATIONS)
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.just([]), st.just({}),
    st.sampled_from(["a", "10.0.0.0/8", "hosts", "metallb", {"type": "hosts"}, {"name": "a"}, ["a", "a"], -1, 2**70]),
)  # fmt: skip


LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""As YAML 1.1 counts lines."""


def answered(text: str) -> Federation | SpecErrors:
    """The federation, or its problems, each of which is in the text and says something."""
    try:
        return load(text, "spec", KNOWLEDGE)
    except SpecErrors as error:
        answer = error
    assert answer.problems
    assert all(problem.message and problem.column >= 1 for problem in answer.problems)
    assert all(1 <= problem.line <= len(LINE_BREAK.findall(text)) + 2 for problem in answer.problems)
    return answer


def paths(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above] + [path for key, each in below for path in paths(each, (*above, key))]


def put(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = tree.copy()
    copy[path[0]] = put(tree[path[0]], path[1:], value)
    return copy


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_spec_with_any_value_replaced_is_answered(data: st.DataObject) -> None:
    """One field of a good spec holds anything at all."""
    tree = yaml.safe_load(FEDERATIONS[data.draw(st.sampled_from(NAMES))])
    for _ in range(data.draw(st.integers(1, 3))):
        tree = put(tree, data.draw(st.sampled_from(paths(tree))), data.draw(JUNK))
    answered(yaml.safe_dump(tree))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_spec_with_text_cut_or_inserted_is_answered(data: st.DataObject) -> None:
    """A good spec with a part of its text lost, doubled or overwritten."""
    text = FEDERATIONS[data.draw(st.sampled_from(NAMES))]
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, min(len(text), first + 40)))
    answered(text[:first] + data.draw(st.one_of(st.text(max_size=8), st.just(text[first:last] * 2))) + text[last:])


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    """Text of any kind is no federation, and never a traceback."""
    assert isinstance(answered(text), SpecErrors)
