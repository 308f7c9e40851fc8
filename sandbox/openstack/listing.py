"""Filters, order and pages of a list, as neutron, nova and glance read them from the query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.openstack.refusals import Refusal

Row = dict[str, Any]
Query = Sequence[tuple[str, str]]
PAGING = ("limit", "marker", "sort_key", "sort_dir", "page_reverse", "fields")
TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")


def values_of(query: Query, name: str) -> list[str]:
    """All values of a parameter, in order."""
    return [value for key, value in query if key == name]


def value_of(query: Query, name: str) -> str | None:
    """The last value of a parameter."""
    return next(reversed(values_of(query, name)), None)


def matches(row: Row, name: str, wanted: Iterable[str]) -> bool:
    """Whether a field has one of the wanted values, booleans and nested fixed IPs as neutron compares them."""
    have = row.get(name)
    if name == "fixed_ips":
        return all(_has_fixed_ip(row, condition) for condition in wanted)
    if isinstance(have, bool):
        return str(have).lower() in {value.lower() for value in wanted}
    if isinstance(have, list):
        return any(value in have for value in wanted)
    return ("" if have is None else str(have)) in set(wanted)


def _has_fixed_ip(row: Row, condition: str) -> bool:
    field, _, value = condition.partition("=")
    if field == "ip_address_substr":
        return any(value in ip["ip_address"] for ip in row["fixed_ips"])
    return any(ip.get(field) == value for ip in row["fixed_ips"])


def has_tags(row: Row, query: Query) -> bool:
    """Whether a row passes the four tag filters (all, any, not all, not any; each a comma-separated list)."""
    have = set(row.get("tags", ()))
    sets = {name: set(",".join(values_of(query, name)).split(",")) for name, _ in query if name in TAG_FILTERS}
    return (
        sets.get("tags", set()) <= have
        and ("tags-any" not in sets or bool(sets["tags-any"] & have))
        and not ("not-tags" in sets and sets["not-tags"] <= have)
        and not sets.get("not-tags-any", set()) & have
    )


def ordered(rows: list[Row], query: Query, default_key: str = "id") -> list[Row]:
    """Rows by ``sort_key`` and ``sort_dir``, several of them in the order given; the last key is always the id."""
    keys = values_of(query, "sort_key") or [default_key]
    directions = values_of(query, "sort_dir")
    for position in reversed(range(len(keys))):
        descending = position < len(directions) and directions[position] == "desc"
        rows = sorted(rows, key=lambda row: str(row.get(keys[position], "")), reverse=descending)
    return rows


@dataclass(frozen=True)
class Words:
    """How a service refuses a limit and a marker, ``{value}`` standing for what was asked."""

    limit: str
    marker: str = ""


NOVA = Words(
    "Invalid input for query parameters limit. Value: {value}. '{value}' does not match '^[0-9]*$'",
    "marker [{value}] not found",
)
GLANCE = Words("limit param must be an integer", "No image found with ID {value}")
NEUTRON = Words("Bad limit request: Limit must be an integer 0 or greater and not '{value}'.")


def page(rows: list[Row], query: Query, words: Words = NOVA, most: int = 1000) -> tuple[list[Row], bool]:
    """The rows after the marker, at most ``limit`` of them, and whether there are more.

    Raises:
        Refusal: The limit is no number, or no row has the marker's id.
    """
    marker, limit_text = value_of(query, "marker"), value_of(query, "limit")
    if limit_text is not None and not limit_text.isdigit():
        raise Refusal(400, words.limit.format(value=limit_text), "BadRequest")
    limit = min(int(limit_text or 0) or most, most)
    start = 0
    if marker:
        found = [number for number, row in enumerate(rows) if row.get("id") == marker]
        if not found:
            raise Refusal(400, words.marker.format(value=marker), "BadRequest")
        start = found[0] + 1
    return rows[start : start + limit], len(rows) > start + limit


def next_link(base: str, query: Query, marker: str) -> str:
    """The address of the page after the marker."""
    rest = [(key, value) for key, value in query if key not in ("marker", "page_reverse")]
    return f"{base}?{urlencode([*rest, ('marker', marker)])}"
