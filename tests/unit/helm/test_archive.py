"""Charts' archives, as far as we read them ourselves."""

from __future__ import annotations

import json
from pathlib import Path

from clients.helm.archive import read_definitions
from sandbox.charts.archive import pack

DEFINITION = "kind: CustomResourceDefinition\nmetadata: {{name: {name}}}\nspec: {{enum: [=, 2020-01-01, 'yes']}}\n"


def test_definitions_of_a_chart_and_of_those_below_it_are_found(tmp_path: Path) -> None:
    """Only what lies in ``crds`` counts, and only definitions; words that YAML takes for more are texts."""
    archive = tmp_path / "a-1.tgz"
    files = {
        "Chart.yaml": "name: a\n",
        "crds/b.yaml": DEFINITION.format(name="b"),
        "crds/more/two.yml": f"{DEFINITION.format(name='d')}---\n{DEFINITION.format(name='c')}",
        "crds/kustomization.yaml": "kind: Kustomization\n",
        "charts/below/crds/a.yaml": DEFINITION.format(name="a"),
        "charts/crds/templates/x.yaml": "{{ not yaml }}",
        "templates/crds/y.yaml": "{{ not yaml }}",
    }
    archive.write_bytes(pack("a", files))
    found = read_definitions(archive)
    assert [each["metadata"]["name"] for each in found] == ["a", "b", "c", "d"]
    assert json.dumps(found[0]["spec"]) == '{"enum": ["=", "2020-01-01", "yes"]}'
