"""What the maker of a cloud's objects writes into the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import pytest

from providers.infrastructure.openstack.making import Maker
from providers.infrastructure.openstack.ownership import Owner
from providers.infrastructure.openstack.tenant import Tenant
from registry.registry import Registry


@dataclass(frozen=True)
class Place:
    """A cloud that nobody asks anything."""

    place: str = "openstack:lab"


@dataclass(frozen=True)
class Found:
    """What a look finds."""

    id: str


def _look(seen: str) -> list[Found]:
    return [Found(seen)]


@pytest.fixture
def ledger(tmp_path):
    """The ledger of a registry."""
    with Registry(f"sqlite:///{tmp_path / 'registry.db'}") as registry:
        yield registry.ledger


def test_ledger_has_the_id_that_was_seen_last(ledger):
    """A list that lagged behind showed the former port of a machine once more, and then the new one (seed 300)."""
    maker, tenant = Maker(ledger), Tenant(cast("Any", Place()), Owner("fed", "a"))
    for seen in ("new", "former", "new"):
        maker.make(tenant, "port", "fed-a-cp-0", partial(_look, seen), lambda: None)
    (entry,) = ledger.open_entries("fed")
    assert entry.object_id == "new"
