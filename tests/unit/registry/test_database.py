"""What the registry does when its disk does not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from federation.errors import Unavailable, Unsupported
from registry.database import Database
from registry.registry import Registry


def test_registry_survives_being_closed(url: str) -> None:
    """What was written is there when the registry is opened again."""
    with Registry(url) as first:
        first.ledger.intend("tacfed", "port", "p", "openstack:lab")
    with Registry(url) as second:
        assert len(second.ledger.open_entries("tacfed")) == 1


def test_file_uses_write_ahead_log_and_foreign_keys(url: str) -> None:
    """Readers do not wait for writers."""
    database = Database(url)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.close()


def test_path_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    """A folder that cannot exist gives our error with the place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=r"registry\.db"):
        Registry(f"sqlite:///{tmp_path}/file/registry.db")


def test_full_disk_is_unavailable_and_changes_nothing(registry: Registry) -> None:
    """A write for which there is no room raises our error; reads go on."""
    registry.ledger.intend("tacfed", "port", "p", "openstack:lab")
    database = registry._database
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")
    with pytest.raises(Unavailable, match="full"):
        registry.statuses.put("tacfed", {"text": "x" * 1_000_000})
    assert len(registry.ledger.open_entries("tacfed")) == 1
    assert registry.statuses.get("tacfed") is None


def test_read_only_file_is_unavailable(url: str) -> None:
    """A database that may only be read says so."""
    Registry(url).close()
    path = url.removeprefix("sqlite:///")
    with Registry(f"sqlite:///file:{path}?mode=ro&uri=true") as registry:
        assert registry.ledger.open_entries("tacfed") == ()
        with pytest.raises(Unavailable, match="readonly"):
            registry.ledger.intend("tacfed", "port", "p", "openstack:lab")


def test_file_named_by_a_uri_leaves_no_folder_of_that_name(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """``file:`` begins a URI, not a path below the folder that one happens to be in."""
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(path.parent)
    Registry(f"sqlite:///file:{path}?uri=true").close()
    assert [each.name for each in path.parent.iterdir() if each.name.startswith("file:")] == []
    assert path.exists()


def test_file_that_is_no_database_is_an_error_with_its_place(tmp_path: Path) -> None:
    """Garbage is not overwritten."""
    path = tmp_path / "registry.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(Exception, match=r"registry\.db") as failed:
        Registry(f"sqlite:///{path}")
    assert failed.type.__module__ == "federation.errors"
    assert path.read_bytes().startswith(b"not a database")


def test_database_without_its_driver_is_unsupported_and_hides_the_password() -> None:
    """The message says what is missing, and not what opens the database."""
    with pytest.raises(Unsupported, match="driver") as failed:
        Registry("postgresql+nothere://flotilla:geheim@127.0.0.1:1/registry")
    assert "geheim" not in str(failed.value)


def test_half_done_write_is_rolled_back(url: str) -> None:
    """An error inside a transaction leaves nothing of it."""
    database = Database(url)

    def fail_halfway() -> None:
        with database.write() as session:
            session.connection().exec_driver_sql("INSERT INTO runs VALUES ('r', 'f', 'tacfed', 1.0, NULL, NULL)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    database.close()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (0,)
