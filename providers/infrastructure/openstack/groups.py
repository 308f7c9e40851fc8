"""Server groups: the machines of a pool keep to different hypervisors.

Source: docs.openstack.org/api-ref/compute, "Server groups"; docs.openstack.org/nova, "Affinity policies". A group is
chosen when a server is created and never again. By default a project may have ten groups with ten members each.
"""

from __future__ import annotations

import logging
import threading
from functools import partial

from clients.openstack.records import ServerGroup
from federation.errors import QuotaExceeded
from federation.spec.machines import MachineTarget
from providers.contracts import Leftover
from providers.infrastructure.openstack.making import Maker
from providers.infrastructure.openstack.tenant import Tenant

_log = logging.getLogger(__name__)
_POLICIES = {"soft": "soft-anti-affinity", "strict": "anti-affinity"}
KIND = "server_group"


class Groups:
    """Makes and removes the server groups of clusters."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self._lock = threading.Lock()

    def ensure(self, tenant: Tenant, target: MachineTarget) -> str | None:
        """Id of the group that a machine's server belongs to, made when there is none; None when it keeps to nothing.

        Raises:
            QuotaExceeded: The cloud gives no more groups, and nothing less than a group was asked for.
        """
        if target.spread is None:
            return None
        name, policy = tenant.owner.group(target.pool), _POLICIES[target.spread]

        def find() -> tuple[ServerGroup, ...]:
            return tuple(each for each in tenant.compute.server_groups() if each.name == name)

        try:
            with self._lock:  # names are not unique, and machines of a pool are made at the same time
                create = partial(tenant.compute.create_server_group, name, policy)
                group, _ = self._maker.make(tenant, KIND, name, find, create)
        except QuotaExceeded as error:
            if target.spread == "strict":
                raise
            _log.warning("%s goes where there is room: %s", target.name, error)
            self._maker.strike(tenant, KIND, name)
            return None
        return group.id

    def remove(self, tenant: Tenant) -> None:
        """Delete every group of a cluster; nothing has to be waited for."""
        for group in self.of(tenant):
            tenant.compute.delete_server_group(group.id)
            self._maker.strike(tenant, KIND, group.name)

    def of(self, tenant: Tenant) -> tuple[ServerGroup, ...]:
        """Every group of a cluster."""
        return tuple(each for each in tenant.compute.server_groups() if tenant.owner.owns_group(each.name))

    def leftovers(self, tenant: Tenant) -> list[Leftover]:
        """Every group of a cluster that is still there."""
        remove = "openstack server group delete"
        return [
            Leftover(KIND, each.name, each.id, tenant.cloud.place, f"{remove} {each.id}") for each in self.of(tenant)
        ]
