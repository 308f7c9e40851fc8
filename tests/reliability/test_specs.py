"""Bad input, in the size of CI: some hundred specs of the grammar, and those that once went wrong."""

from __future__ import annotations

import pytest

from federation.spec.loading import parse
from federation.spec.problems import MAX_PROBLEMS, SpecErrors
from tests.reliability import specs
from tests.reliability.hostile.grammar import specimen


def test_hostile_specs_are_refused_with_place_and_fix_or_arrive_as_they_are() -> None:
    """Every kind of mutation is tried, some are accepted, and none does harm."""
    chapter = specs.trial(full=False)
    assert chapter.failed == ()
    assert chapter.tried == chapter.passed == specs.SMALL
    kinds = {row[0].partition(":")[0] for row in chapter.rows}
    assert kinds >= {"text field", "free text", "any field", "key", "lines", "scalar", "bytes", "encoding", "bomb"}
    assert sum(int(row[2]) for row in chapter.rows) > 0


def test_same_seed_makes_the_same_specimen() -> None:
    """What fails can be repeated."""
    assert [specimen(seed) for seed in range(50)] == [specimen(seed) for seed in range(50)]


HEAD = "apiVersion: flotilla.dev/v1alpha1\nkind: Federation\nmetadata: {name: x}\n"


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param("spec: {clusters: [" + "x, " * 50_000 + "]}", id="entries"),
        pytest.param("metadata: {" + "a: 1, " * 40_000 + "}", id="twice"),
        pytest.param("spec: {" + ", ".join(f"k{n}: 1" for n in range(40_000)) + "}", id="unknown-fields"),
    ],
)
def test_very_many_problems_are_told_in_part(rest: str) -> None:
    """A hundred problems are enough to begin with."""
    with pytest.raises(SpecErrors) as caught:
        parse(HEAD + rest)
    assert 0 < len(caught.value.problems) <= MAX_PROBLEMS
    assert len(str(caught.value)) < 100_000


@pytest.mark.parametrize("key", ["a\\nb", "\\e[2J", "\\u202eabc", "\\0", "\\x7f", "x" * 5000])
def test_problem_is_one_printable_line_whatever_the_spec_holds(key: str) -> None:
    """Nothing in a spec can command a terminal or forge a line."""
    with pytest.raises(SpecErrors) as caught:
        parse(f'{HEAD}"{key}": 1\nspec: {{}}\n')
    (line,) = str(caught.value).split("\n")
    assert line.isprintable()
    assert len(line) < 400
