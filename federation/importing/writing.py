"""Values as YAML for people, in words that our own reader takes for what they were."""

from __future__ import annotations

from typing import Any

import yaml

from federation.spec.model import SpecModel
from federation.spec.scalars import parse_plain

_WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """Quotes what one of YAML's versions takes for something else than text; never writes aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if _is_plain(value) else '"')


def _is_plain(value: str) -> bool:
    try:
        return value.isprintable() and parse_plain(value) == value
    except ValueError:
        return False


_Dumper.add_representer(str, _text)


def render_yaml(value: Any) -> str:
    """A value of maps, lists and scalars as YAML, in its own order.

    Example:
        >>> print(render_yaml({"country": "no", "version": "1.10"}).rstrip())
        country: 'no'
        version: "1.10"
    """
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=True)


def written(model: SpecModel) -> dict[str, Any]:
    """A part of a spec as its author would write it: without what is left at its default."""
    return model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
