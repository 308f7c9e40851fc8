"""What counts as drift: only what we asked for and is not so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.kubernetes.apply import drifted

SAME = [
    ({"spec": {"replicas": 2}}, {"spec": {"replicas": 2, "paused": False}, "status": {}}),
    ({"requests": {"cpu": "1000m", "memory": "1Gi"}}, {"requests": {"cpu": "1", "memory": "1024Mi"}}),
    ({"limits": {"cpu": 2}}, {"limits": {"cpu": "2"}}),
    ({"args": []}, {}),
    ({"args": None}, {"args": None}),
    ({"env": [{"name": "A", "value": ""}]}, {"env": [{"name": "A"}]}),
    ({"env": [{"name": "B", "value": "2"}]}, {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}),
    ({"ports": [{"port": 80}]}, {"ports": [{"port": 443, "protocol": "TCP"}, {"port": 80, "protocol": "TCP"}]}),
    ({"finalizers": ["ours"]}, {"finalizers": ["theirs", "ours"]}),
    ({"hostNetwork": False}, {}),
]
DIFFERENT = [
    ({"spec": {"replicas": 2}}, {"spec": {"replicas": 3}}),
    ({"spec": {"replicas": 0}}, {"spec": {"replicas": 1}}),
    ({"requests": {"cpu": "1000m"}}, {"requests": {"cpu": "2"}}),
    ({"version": "1000m"}, {"version": "1"}),
    ({"args": ["a"]}, {"args": ["a", "b"]}),
    ({"args": ["a", "b"]}, {"args": ["b", "a"]}),
    ({"env": [{"name": "A", "value": "1"}]}, {"env": [{"name": "A", "value": "2"}]}),
    ({"ports": [{"port": 80, "protocol": "UDP"}]}, {"ports": [{"port": 80, "protocol": "TCP"}]}),
    ({"labels": {"a": ""}}, {"labels": {}}),
    ({"finalizers": ["ours"]}, {"finalizers": ["theirs"]}),
    ({"enabled": True}, {"enabled": 1}),
    ({"spec": {"a": {"b": 1}}}, {"spec": {"a": "b"}}),
    ({"items": [{"a": 1}]}, {"items": "a"}),
]


@pytest.mark.parametrize(("desired", "live"), SAME)
def test_no_drift(desired: dict[str, Any], live: dict[str, Any]):
    """Defaults, other managers' fields and other spellings are no drift."""
    assert not drifted(desired, live)


@pytest.mark.parametrize(("desired", "live"), DIFFERENT)
def test_drift(desired: dict[str, Any], live: dict[str, Any]):
    """A field of ours that is gone or differs is drift."""
    assert drifted(desired, live)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSON, max_size=4)


@given(OBJECTS)
def test_an_object_does_not_drift_from_itself(obj: dict[str, Any]):
    """Whatever it holds."""
    assert not drifted(obj, obj)


@given(OBJECTS, st.text(min_size=6, max_size=8), JSON)
def test_what_others_add_is_no_drift(obj: dict[str, Any], key: str, value: Any):
    """A new key beside ours changes nothing."""
    assert not drifted(obj, {**obj, key: value})


@given(OBJECTS, st.text(min_size=6, max_size=8), st.integers())
def test_what_we_add_is_drift(obj: dict[str, Any], key: str, value: int):
    """A new key that we want and that is not there is always seen."""
    assert drifted({**obj, key: value}, obj)
