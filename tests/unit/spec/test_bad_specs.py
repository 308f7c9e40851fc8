"""Every file in ``bad/`` is refused with exactly the problems in the file beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation.spec.loading import load
from federation.spec.problems import SpecErrors
from tests.unit.spec.knowledge import KNOWLEDGE

BAD = Path(__file__).parent / "bad"


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD.glob("*.yaml")))
def test_bad_spec_is_refused_with_place_and_fix(name: str) -> None:
    """All problems are told at once, each with line, column, field and what to do."""
    with pytest.raises(SpecErrors) as caught:
        load((BAD / f"{name}.yaml").read_text(), name, KNOWLEDGE)
    assert str(caught.value).splitlines() == (BAD / f"{name}.expected").read_text().splitlines()
