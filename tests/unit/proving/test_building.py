"""Where programs of real servers come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proving.building import Missing, find, pinned


def test_versions_are_pinned_in_one_place() -> None:
    """The Go module says what is built."""
    assert pinned().startswith("v1.")
    assert pinned("go.etcd.io/etcd/server/v3").startswith("v3.")
    with pytest.raises(LookupError):
        pinned("example.com/nothing")


def test_nothing_is_built_by_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache is a reason, not a build."""
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(Missing, match="no etcd in the cache"):
        find()
    assert list(tmp_path.iterdir()) == []


def test_given_programs_are_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """KUBEBUILDER_ASSETS names a folder of programs, as elsewhere."""
    for name in ("etcd", "kube-apiserver"):
        (tmp_path / name).touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert find().path("etcd") == tmp_path / "etcd"
    with pytest.raises(Missing, match="no kube-scheduler in KUBEBUILDER_ASSETS"):
        find(("kube-scheduler",))
