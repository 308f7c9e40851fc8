"""One cluster's store with everything that acts on it, wired together."""

from __future__ import annotations

from functools import partial

from sandbox.kubernetes.access.escalation import refuse_escalation
from sandbox.kubernetes.access.rbac import Rbac
from sandbox.kubernetes.catalogue import Catalogue
from sandbox.kubernetes.custom import CustomResources
from sandbox.kubernetes.kinds.addresses import ServiceAddresses
from sandbox.kubernetes.kinds.admission import PodAdmission
from sandbox.kubernetes.kinds.kinds import Kinds
from sandbox.kubernetes.store import Store
from sandbox.kubernetes.write.deletion import Deletion
from sandbox.kubernetes.write.metadata import Now, utc_now
from sandbox.kubernetes.write.patching import Patching
from sandbox.kubernetes.write.subresources import Subresources
from sandbox.kubernetes.write.writes import Writes


class Engine:
    """The parts behind an API: what HTTP handlers and the in-process face share."""

    def __init__(self, service_cidr: str, now: Now = utc_now) -> None:
        self.store = Store()
        self.catalogue = Catalogue()
        self.addresses = ServiceAddresses(self.store, service_cidr)
        self.kinds = Kinds(self.addresses, PodAdmission(self.store))
        self.rbac = Rbac(self.store)
        self.writes = Writes(self.store, self.kinds, partial(refuse_escalation, rbac=self.rbac), now)
        self.patching = Patching(self.writes)
        self.deletion = Deletion(self.store, self.kinds, self.writes)
        self.subresources = Subresources(self.store, self.catalogue, self.writes, self.deletion)
        self.custom = CustomResources(self.store, self.catalogue, self.writes, self.deletion)
