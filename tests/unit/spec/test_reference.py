"""What the documentation says of the spec is what the models say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.catalogue.reading import read_knowledge
from federation.spec.loading import load
from federation.spec.reference import render_reference

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLES = [
    text for text in re.findall(r"```yaml\n(.*?)```", (DOCS / "spec.md").read_text(), re.DOTALL) if "kind:" in text
]


def test_published_reference_is_in_step() -> None:
    """The tables are made from the models: flotilla schema --reference > docs/spec-reference.md."""
    assert (DOCS / "spec-reference.md").read_text().rstrip() == render_reference().rstrip()


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_examples_are_valid(number: int) -> None:
    """Whoever copies an example gets a spec without problems."""
    assert load(EXAMPLES[number], f"example {number}", read_knowledge()).spec.clusters


def test_links_between_documents_lead_somewhere() -> None:
    """No page and no picture is named that is not there."""
    pages = [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]
    links = [(page, target) for page in pages for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", page.read_text())]
    assert [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()] == []
