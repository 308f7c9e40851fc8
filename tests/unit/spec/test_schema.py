"""The published schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from federation.spec.document import parse_document
from federation.spec.schema import federation_schema
from tests.unit.spec.test_loading import FEDERATIONS

PUBLISHED = Path(__file__).parents[3] / "docs" / "federation.schema.json"


def test_published_schema_is_in_step() -> None:
    """The file for editors is the schema of the models."""
    assert json.loads(PUBLISHED.read_text()) == federation_schema()


def test_every_field_has_a_description() -> None:
    """Editors can say of each field what it is."""
    models = [federation_schema(), *federation_schema()["$defs"].values()]
    bare = [f"{model['title']}.{name}" for model in models for name, field in model.get("properties", {}).items()
            if "description" not in field]  # fmt: skip
    assert bare == []


@pytest.mark.parametrize("name", sorted(FEDERATIONS))
def test_schema_accepts_what_the_loader_accepts(name: str) -> None:
    """An editor does not complain about federations that come with the product."""
    schema = federation_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(parse_document(FEDERATIONS[name], name).plain(), schema)


def test_schema_refuses_unknown_fields() -> None:
    """A field that is misspelt is marked in the editor."""
    document = parse_document(FEDERATIONS["tacfed.yaml"], "tacfed").plain()
    document["spec"]["cluster"] = []
    with pytest.raises(jsonschema.ValidationError, match="cluster"):
        jsonschema.validate(document, federation_schema())
