"""Existing clusters as an infrastructure: a kubeconfig that may be used, and nothing that could be built or removed."""

from __future__ import annotations

import pytest

from federation.errors import SpecInvalid, Unsupported
from federation.spec.cluster import Cluster
from federation.state.observed import ObservedInfrastructure
from providers.contracts import ClusterTarget, Done
from providers.infrastructure.existing.provider import ExistingClusters
from tests.unit.applications.vaults import FakeVault
from tests.unit.kubernetes.test_kubeconfig import kubeconfig

CLUSTER = Cluster.model_validate({"name": "a", "infrastructure": {"type": "existing", "kubeconfig": "west"}})
TARGET = ClusterTarget("fed", CLUSTER)


class GivenVault(FakeVault):
    """A vault with one kubeconfig."""

    def __init__(self, text: str | None) -> None:
        self.text = text

    def kubeconfig(self, federation: str, cluster: str) -> str | None:
        """The text."""
        assert (federation, cluster) == ("fed", "a")
        return self.text


def test_a_kubeconfig_that_may_be_used_is_all_that_there_is() -> None:
    """No machines, and nothing missing."""
    assert ExistingClusters(GivenVault(kubeconfig())).observe(TARGET) == ObservedInfrastructure("complete")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (kubeconfig({"insecure-skip-tls-verify": True}), SpecInvalid),
        (kubeconfig(user={"exec": {"command": "aws"}}), Unsupported),
        ("not: a kubeconfig", SpecInvalid),
        (None, SpecInvalid),
    ],
)
def test_a_kubeconfig_that_may_not_be_used_is_refused(text: str | None, error: type[Exception]) -> None:
    """TLS is verified, and no program of the kubeconfig is ever run."""
    with pytest.raises(error):
        ExistingClusters(GivenVault(text)).observe(TARGET)


def test_nothing_is_built_and_nothing_is_taken_away() -> None:
    """Machines are the owner's: asking for one is an error, and the foundation stays."""
    provider = ExistingClusters(GivenVault(kubeconfig()))
    with pytest.raises(Unsupported, match="its owner's"):
        provider.delete_machine(TARGET, "n1")
    with pytest.raises(Unsupported, match="its owner's"):
        provider.login(TARGET, "n1")
    assert isinstance(provider.ensure_foundation(TARGET), Done)
    assert isinstance(provider.delete_foundation(TARGET), Done)
