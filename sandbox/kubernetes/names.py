"""Names and labels, checked as the API server checks them. Source: k8s.io/apimachinery/pkg/util/validation."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

from sandbox.kubernetes.api import Object
from sandbox.kubernetes.errors import Cause, invalid_value, required
from sandbox.kubernetes.resource import Resource

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"

_LABEL_WORDS = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
_SUBDOMAIN_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_VALUE_WORDS = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{_VALUE}')"
)
_DNS1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_DNS1035_WORDS = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    f"and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '{_DNS1035}')"
)
_KEY_WORDS = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_LABEL_NAMED = {"namespaces", "services"}
_PATH_NAMED_GROUPS = {"rbac.authorization.k8s.io"}
_STANDARD_FINALIZERS = {"kubernetes", "orphan", "foregroundDeletion"}
_LABEL_LIMIT, _SUBDOMAIN_LIMIT = 63, 253


def generate(prefix: str) -> str:
    """A name from ``generateName``, with a suffix that spells no words."""
    return prefix[:58] + "".join(secrets.choice(_ALPHABET) for _ in range(5))


def check_metadata(resource: Resource, metadata: Object) -> Iterator[Cause]:
    """Causes for which metadata is refused."""
    name = metadata.get("name") or ""
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif words := _why_not(resource, name):
        yield invalid_value("metadata.name", name, words)
    prefix = metadata.get("generateName", "")
    if prefix and (words := _why_not(resource, f"{prefix[:-1]}a" if prefix.endswith("-") else prefix)):
        yield invalid_value("metadata.generateName", prefix, words)
    yield from _check_labels(metadata)
    if not resource.custom and resource.group != "apiextensions.k8s.io":
        yield from _check_finalizers(metadata)
    yield from _check_owners(metadata.get("ownerReferences") or [])


def _check_labels(metadata: Object) -> Iterator[Cause]:
    for key, value in (metadata.get("labels") or {}).items():
        if not _is_key(key):
            yield invalid_value("metadata.labels", key, _KEY_WORDS)
        if words := label_value_words(value):
            yield invalid_value("metadata.labels", value, words)
    for key in metadata.get("annotations") or {}:
        if not _is_key(key.lower()):
            yield invalid_value("metadata.annotations", key, _KEY_WORDS)


def _check_owners(owners: list[Object]) -> Iterator[Cause]:
    where = "metadata.ownerReferences"
    for owner in owners:
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                yield invalid_value(f"{where}.{field}", "", "must not be empty")
        if (owner.get("apiVersion"), owner.get("kind")) == ("v1", "Event"):
            yield invalid_value(where, owner, "/v1, Kind=Event is disallowed from being an owner")
    first, *others = [f"{owner.get('kind')}/{owner.get('name')}" for owner in owners if owner.get("controller")] or [""]
    for other in others:
        told = f'Only one reference can have Controller set to true. Found "true" in references for {first} and {other}'
        yield invalid_value(where, owners, told)


def _check_finalizers(metadata: Object) -> Iterator[Cause]:
    for index, name in enumerate(metadata.get("finalizers") or []):
        if "/" not in name and name not in _STANDARD_FINALIZERS:
            told = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid_value(f"metadata.finalizers[{index}]", name, told)


def _why_not(resource: Resource, name: str) -> str:
    if resource.group in _PATH_NAMED_GROUPS:
        return "may not contain '/' or '%'" if re.search(r"[/%]", name) or name in {".", ".."} else ""
    return label_words(name) if resource.key in _LABEL_NAMED else subdomain_words(name)


def label_words(name: str) -> str:
    """Why a name is no DNS label; empty when it is one."""
    return _words(name, _LABEL_LIMIT, _LABEL, _LABEL_WORDS)


def dns1035_words(name: str) -> str:
    """Why a name is no label that starts with a letter; empty when it is one."""
    return _words(name, _LABEL_LIMIT, _DNS1035, _DNS1035_WORDS)


def subdomain_words(name: str) -> str:
    """Why a name is no DNS subdomain; empty when it is one."""
    return _words(name, _SUBDOMAIN_LIMIT, _SUBDOMAIN, _SUBDOMAIN_WORDS)


def label_value_words(value: str) -> str:
    """Why a text is no value of a label; empty when it is one."""
    return _words(value, _LABEL_LIMIT, _VALUE, _VALUE_WORDS, "bytes")


def _words(text: str, limit: int, pattern: str, complaint: str, unit: str = "characters") -> str:
    if len(text) > limit:
        return f"must be no more than {limit} {unit}"
    return "" if re.fullmatch(pattern, text) else complaint


def label_key_words(key: str) -> str:
    """Why a text is no key of a label; empty when it is one."""
    return "" if _is_key(key) else _KEY_WORDS


def _is_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if slash and not re.fullmatch(_SUBDOMAIN, prefix):
        return False
    return len(name) <= _LABEL_LIMIT and re.fullmatch(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", name) is not None
