"""What a project of a cloud tells before anything is made in it. Sends no mutating request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from federation.errors import FlotillaError
from federation.preflight.facts import NOT_ASKED, CloudFacts, FlavorFacts
from federation.spec.infrastructure import OpenStackInfrastructure
from federation.spec.machines import MachineTarget
from federation.state.observed import Absent, Observation, Present, Unknown
from providers.infrastructure.openstack.tenant import Tenant
from providers.survey import Survey

T = TypeVar("T")
_PARALLEL = 4


def inspect(
    tenant: Tenant, asked: OpenStackInfrastructure, machines: tuple[MachineTarget, ...], survey: Survey
) -> CloudFacts:
    """What the project has left and what of it a cluster names, each read once for all clusters of the survey.

    Raises:
        FlotillaError: The project cannot be opened at all.
    """
    return _Inspection(tenant, survey).facts(asked, machines)


class _Inspection:
    def __init__(self, tenant: Tenant, survey: Survey) -> None:
        self._tenant = tenant
        self._survey = survey
        self._project = tenant.cloud.project

    def facts(self, asked: OpenStackInfrastructure, machines: tuple[MachineTarget, ...]) -> CloudFacts:
        """All answers, a few at a time."""
        self._tenant.cloud.connection.open()
        with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="openstack-inspect") as pool:
            compute = pool.submit(self._once, "compute", self._project.compute_quotas)
            network = pool.submit(self._once, "network", self._project.network_quotas)
            flavors = pool.submit(self._once, "flavors", self._project.flavors)
            end = pool.submit(self._once, "end", self._project.credentials_end)
            image = pool.submit(self._once, f"image/{asked.image}", lambda: self._project.image(asked.image))
            name = asked.external_network
            external = pool.submit(self._once, f"external/{name}", lambda: self._external(name))
            mtu = pool.submit(_observed, self._mtu)
            spread = any(machine.spread for machine in machines)
            groups = pool.submit(_observed, self._groups) if spread else None
        return CloudFacts(
            project=self._project.project_id(),
            quotas=(compute.result(), network.result()),
            image=image.result(),
            flavors=_chosen(flavors.result(), machines),
            external=external.result(),
            credentials_left_s=_left_s(end.result()),
            mtu=mtu.result(),
            groups=groups.result() if groups else NOT_ASKED,
        )

    def _once(self, what: str, read: Callable[[], T | None]) -> Observation[T]:
        key = ("openstack-inspect", self._tenant.cloud.place, what)
        return self._survey.once(key, lambda: _observed(read))

    def _external(self, name: str) -> str | None:
        found = self._tenant.network.networks(name=name, is_router_external=True)
        return found[0].id if found else None

    def _mtu(self) -> int | None:
        """Of the cluster's own network; the cloud chooses it, so nobody knows it before."""
        found = self._tenant.owner.own(self._tenant.network.networks(name=self._tenant.owner.name))
        return found[0].mtu or None if found else None

    def _groups(self) -> Mapping[str, int]:
        owner = self._tenant.owner
        found = [each for each in self._tenant.compute.server_groups() if owner.owns_group(each.name)]
        return {owner.pool_of(each.name): each.members for each in found}


def _observed(read: Callable[[], T | None]) -> Observation[T]:
    try:
        found = read()
    except FlotillaError as error:
        return Unknown(error.reason, str(error))
    return Absent() if found is None else Present(found)


def _chosen(
    flavors: Observation[Mapping[str, FlavorFacts]], machines: tuple[MachineTarget, ...]
) -> dict[str, Observation[FlavorFacts]]:
    names = {machine.flavor for machine in machines if machine.flavor}
    if not isinstance(flavors, Present):
        silent = flavors if isinstance(flavors, Unknown) else Unknown("NotFound", "the cloud lists no flavors")
        return dict.fromkeys(names, silent)
    return {name: Present(found) if (found := flavors.value.get(name)) else Absent() for name in names}


def _left_s(end: Observation[datetime]) -> Observation[float]:
    return Present((end.value - datetime.now(UTC)).total_seconds()) if isinstance(end, Present) else end
