"""The vault over a real Prefect."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks import vault as module
from blocks.credentials import ClusterAccess, OpenStackCloud, SecretBundle
from blocks.vault import BlockVault, access_name
from federation.errors import SpecInvalid, Unavailable
from tests.conftest import PREFECT_LEAVES_SOCKETS

pytestmark = [pytest.mark.filterwarnings(text) for text in PREFECT_LEAVES_SOCKETS]


def test_clusters_that_come_up_at_once_all_keep_their_kubeconfig() -> None:
    """The first block of a type registers the type: threads that do it at once must not refuse each other."""
    vault = BlockVault()
    names = [f"c{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: vault.keep_kubeconfig("fed", name, f"config of {name}"), names))
    fresh = BlockVault()
    assert [fresh.kubeconfig("fed", name) for name in names] == [f"config of {name}" for name in names]


def test_a_kubeconfig_is_kept_replaced_and_forgotten() -> None:
    """None before, the last one after, none again at the end; forgetting twice is no error."""
    vault = BlockVault()
    assert vault.kubeconfig("life", "a") is None
    vault.keep_kubeconfig("life", "a", "one")
    vault.keep_kubeconfig("life", "a", "two")
    assert BlockVault().kubeconfig("life", "a") == "two"
    vault.forget_kubeconfig("life", "a")
    vault.forget_kubeconfig("life", "a")
    assert vault.kubeconfig("life", "a") is None
    assert BlockVault().kubeconfig("life", "a") is None


def test_two_federations_never_share_a_kubeconfig() -> None:
    """Cluster b-c of a and cluster c of a-b: their names run together, their blocks do not."""
    vault = BlockVault()
    vault.keep_kubeconfig("a", "b-c", "of a")
    assert vault.kubeconfig("a-b", "c") is None
    assert access_name("a", "b-c") != access_name("a-b", "c")


def test_the_machine_key_is_made_once() -> None:
    """The same pair from every vault, an Ed25519 one; another one after it was forgotten."""
    with ThreadPoolExecutor(4) as pool:
        vault = BlockVault()
        pairs = list(pool.map(lambda _: vault.machine_key("keyed"), range(4)))
    assert len({pair.private_key for pair in pairs}) == 1
    assert BlockVault().machine_key("keyed") == pairs[0]
    assert pairs[0].public_key.startswith("ssh-ed25519 ")
    vault.forget_machine_key("keyed")
    assert BlockVault().machine_key("keyed") != pairs[0]


def test_a_missing_block_is_told_with_the_way_to_make_it() -> None:
    """The error names the block, its type and the command."""
    with pytest.raises(
        SpecInvalid, match=r"no block 'nowhere'.*flotilla blocks create flotilla-openstack-cloud"
    ) as told:
        BlockVault().openstack("nowhere")
    assert told.value.reason == "BlockMissing"


def test_credentials_come_in_clear_and_are_never_shown() -> None:
    """A client gets the password; the representation of what it gets does not have it."""
    cloud = OpenStackCloud(auth_url="https://keystone.test/v3", username="u", password=SecretStr("hunter2"))
    cloud.save("lab", _sync=True)  # type: ignore[call-arg]  # not in its types
    bundle = SecretBundle(values={"key": SecretStr("s3cret")})
    bundle.save("bundle", _sync=True)  # type: ignore[call-arg]  # not in its types
    found = BlockVault().openstack("lab")
    assert found.password == "hunter2"
    assert "hunter2" not in repr(found) + repr(cloud)
    assert BlockVault().secret("bundle") == {"key": "s3cret"}
    assert "s3cret" not in repr(bundle)


def test_blocks_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run sees the same credentials from its beginning to its end, and asks for them once."""
    asked: list[str] = []
    real = module._load

    def load(kind: type[Block], name: str) -> Block | None:
        asked.append(name)
        return real(kind, name)

    monkeypatch.setattr(module, "_load", load)
    vault = BlockVault()
    assert [vault.kubeconfig("once", "a") for _ in range(3)] == [None] * 3
    assert asked == [access_name("once", "a")]


def test_a_prefect_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an unclassified error: the step is tried again, and the cluster is Unknown, not Absent."""

    def refuse(kind: object, name: str) -> None:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(module, "_load", refuse)
    with pytest.raises(Unavailable, match="refused"):
        BlockVault().kubeconfig("fed", "c0")


def test_the_kubeconfig_of_an_existing_cluster_is_the_one_that_its_owner_gave() -> None:
    """Its block is read by the name in the spec, and never forgotten with the cluster; one that is missing is told."""
    ClusterAccess(kind="Config", clusters=[]).save("west", overwrite=True, _sync=True)  # type: ignore[call-arg]  # not in its types
    vault = BlockVault({("fed", "a"): "west", ("fed", "b"): "east"})
    assert vault.kubeconfig("fed", "a") == "clusters: []\nkind: Config\n"
    vault.forget_kubeconfig("fed", "a")
    assert BlockVault({("fed", "a"): "west"}).kubeconfig("fed", "a") is not None
    with pytest.raises(SpecInvalid, match="flotilla-cluster-access east") as caught:
        vault.kubeconfig("fed", "b")
    assert caught.value.reason == "BlockMissing"
