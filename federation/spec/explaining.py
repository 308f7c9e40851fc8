"""What pydantic found, said in the words of the spec: the message, and what to do about it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from federation.spec.schema import Schema, walk

Explanation = tuple[str, str]
_SHOWN = 60
_COMPARED = 200
"""Words that one is compared with; that takes long, and nobody reads more of them."""
_NAMED = 10
_ANY_FIX = "every field is described by: flotilla schema --reference"


def explain(error: ErrorDetails, top: Schema | None = None) -> Explanation:
    """Message and fix for one error.

    Args:
        error: What pydantic reports.
        top: JSON Schema of the model that was validated; that of a federation when left out.
    """
    loc = tuple(error["loc"])
    schema, parent = walk(loc, top)[1], walk(loc[:-1], top)[1]
    explanation = _EXPLANATIONS.get(error["type"], _other)
    message, fix = explanation(error, schema, parent)
    return message, fix or _ANY_FIX


def told(error: ValidationError) -> list[ErrorDetails]:
    """What pydantic found, without what follows from it: it drops bad entries of a list before it counts them."""
    return first_causes(error.errors(include_url=False))


def first_causes(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Errors without those that only follow from others among them."""
    locs = {tuple(each["loc"]) for each in errors}
    above = {loc[:depth] for loc in locs for depth in range(len(loc))}
    return [each for each in errors if each["type"] != "too_short" or tuple(each["loc"]) not in above]


def near(word: str, known: Iterable[str], what: str) -> str:
    """A fix that names the word that was probably meant, or all that there are.

    Example:
        >>> near("trafik", ["metallb", "traefik"], "add-ons")
        "did you mean 'traefik'?"
    """
    words = sorted(set(known))
    if len(words) > _COMPARED:
        return f"{what}: {', '.join(words[:_NAMED])}, … ({len(words)} in all)"
    word = word[:_SHOWN]
    close = difflib.get_close_matches(word.lower(), words, n=1) or _without_case(word, words)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"{what}: {', '.join(words)}" if words else f"there are no {what}"


def _without_case(word: str, words: list[str]) -> list[str]:
    by_lower = {each.lower().replace("_", ""): each for each in words}
    close = difflib.get_close_matches(word.lower().replace("_", ""), by_lower, n=1)
    return [by_lower[each] for each in close]


def shown(value: Any) -> str:
    """A value as the author wrote it, cut when it is long."""
    if isinstance(value, str):
        cut = value[: _SHOWN + 1]
        text = cut if cut.isprintable() else json.dumps(cut)
    else:
        text = "".join(islice(json.JSONEncoder(default=str).iterencode(value), _SHOWN + 1))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _last(error: ErrorDetails) -> str:
    return str(error["loc"][-1]) if error["loc"] else ""


def _missing(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    if isinstance(error["loc"][-1], int):
        places = len(parent.get("prefixItems", ()))
        return f"entry {error['loc'][-1] + 1} is missing", f"write {places} entries"
    what = schema.get("description") or "it must be given"
    return f"'{_last(error)}' is missing", f"add '{_last(error)}: {_sample(schema)}': {what}"


def _sample(schema: Schema) -> str:
    options = _options(schema)
    examples = schema.get("examples", ())
    if "discriminator" in schema:
        return f"{{type: {options[0]}, …}}"
    return str(options[0] if options else examples[0] if examples else "…")


def _unknown(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del schema
    field = _last(error)
    return f"unknown field '{shown(field)}'", near(field, parent.get("properties", {}), "fields here")


def _options(schema: Schema) -> list[str]:
    if "const" in schema:
        return [str(schema["const"])]
    return [*map(str, schema.get("enum", ())), *schema.get("discriminator", {}).get("mapping", {})]


def _not_allowed(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del parent
    value: Any = error["input"]
    if error["type"] == "union_tag_invalid":
        value = error.get("ctx", {}).get("tag", "")
    return f"'{shown(value)}' is not allowed", near(str(value), _options(schema), "allowed")


def _no_tag(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del error, parent
    return "'type' is missing", "add 'type: …' with one of: " + ", ".join(sorted(_options(schema)))


def _pattern(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del parent
    parts = [f"write it like {_sample(schema)}" if schema.get("examples") else "", schema.get("description", "")]
    return f"'{shown(error['input'])}' is not of the right form", ": ".join(part for part in parts if part)


def _not_text(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del schema, parent
    value = error["input"]
    if isinstance(value, (int, float)):
        text = json.dumps(value)
        return f"must be text, not {_kind(value)}", f'quote it: "{text}"'
    return f"must be text, not {_kind(value)}", "write one word or a quoted text"


def _not_list(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del schema, parent
    return f"must be a list, not {_kind(error['input'])}", "write [a, b], or lines that begin with '- '"


def _not_map(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del parent
    fields = ", ".join(schema.get("properties", {}))
    return (
        f"must be a map, not {_kind(error['input'])}",
        f"give its fields: {fields}" if fields else "write {key: value}",
    )


def _value(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del parent
    about = "" if schema.get("type") == "object" else str(schema.get("description", ""))
    message, _, fix = error["msg"].removeprefix("Value error, ").partition("; ")
    return message, fix or about


def _too_few(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del parent
    context = error.get("ctx", {})
    least = context.get("min_length", 1)
    return f"must have at least {least}, not {context.get('actual_length', 0)}", str(schema.get("description", ""))


def _other(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del parent
    message = error["msg"].removeprefix("Input ").removeprefix("should ")
    return f"must {message}, not '{shown(error['input'])}'", str(schema.get("description", ""))


def _too_long(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del parent
    most = error.get("ctx", {}).get("max_length", "")
    return f"has {len(error['input'])} characters, more than {most}", str(schema.get("description", ""))


def _too_many(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del parent
    context = error.get("ctx", {})
    message = f"has {context.get('actual_length')} entries, more than {context.get('max_length')}"
    return message, str(schema.get("description", ""))


def _empty(error: ErrorDetails, schema: Schema, parent: Schema) -> Explanation:
    del error, parent
    return "must not be empty", str(schema.get("description", ""))


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", dict: "a map", list: "a list"}
    return names.get(type(value), "empty")


_EXPLANATIONS: dict[str, Callable[[ErrorDetails, Schema, Schema], Explanation]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _not_allowed,
    "union_tag_invalid": _not_allowed,
    "union_tag_not_found": _no_tag,
    "string_pattern_mismatch": _pattern,
    "string_type": _not_text,
    "tuple_type": _not_list,
    "model_type": _not_map,
    "model_attributes_type": _not_map,
    "dict_type": _not_map,
    "value_error": _value,
    "too_short": _too_few,
    "too_long": _too_many,
    "string_too_short": _empty,
    "string_too_long": _too_long,
}
