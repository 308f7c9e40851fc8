"""Add-ons by Helm: installed once, changed when what is asked for changes, ready when their leaf objects are."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from clients.helm.client import WRITE_TIMEOUT_S, HelmClient
from clients.helm.release import Chart, ReleaseName
from clients.kubernetes.apply import ensure, ensure_gone
from clients.kubernetes.resources import SECRET
from federation.errors import NotReadyYet, Rejected
from federation.spec.catalogue import AddOnDefinition
from federation.spec.cluster import AddOn, Cluster
from federation.spec.digests import digest_for
from federation.spec.peering import Profile
from federation.state.observed import ObservedAddOn
from providers.addons.clearing import clear, release_held
from providers.addons.leaves import Leaves
from providers.addons.namespaces import ensure_namespace, remove_namespace
from providers.addons.record import OwnObject, Record, delete_record, list_records, read_record
from providers.addons.renderers.place import Place
from providers.addons.rendering import Installation, render_installation
from providers.contracts import Done, Progress, Side, Vault, Waiting
from providers.patience import patient

log = logging.getLogger(__name__)
_RELEASE_TRIPS = 300
"""Round trips of a large chart: Helm writes its objects one after the other."""


class HelmAddOns:
    """Implements ``AddOnInstaller``.

    Args:
        helm: Shared by all clusters.
        vault: Gives the kubeconfig that Helm needs.
    """

    def __init__(self, helm: HelmClient, vault: Vault) -> None:
        self._helm = helm
        self._vault = vault

    def observe(self, side: Side, catalogue: Mapping[str, AddOnDefinition]) -> tuple[ObservedAddOn, ...]:
        """Every add-on that carries our mark, ready or not: one request, and one for each kind of leaf object."""
        records = list_records(side.kubernetes, side.federation)
        known = {record.addon: catalogue[record.addon] for record in records if record.addon in catalogue}
        leaves = Leaves.list(side.kubernetes, known.values())
        return tuple(_observed(record, known.get(record.addon), leaves) for record in records)

    def ensure(
        self, side: Side, cluster: Cluster, addon: AddOn, definition: AddOnDefinition, profile: Profile = "lan"
    ) -> Progress:
        """Install or change; done when every leaf object is complete and our own objects are there.

        Sends nothing that changes anything when all is as asked for.

        Raises:
            Rejected: A release of that name is there that we did not make.
            SpecInvalid: The chart is unknown or refuses the values.
        """
        place = Place(side.federation, cluster, addon, definition, side.endpoint, profile)
        wanted = digest_for(side.federation, cluster, addon, definition, profile)
        return patient(lambda: self._ensure(side, definition, render_installation(place), wanted))

    def remove(self, side: Side, definition: AddOnDefinition) -> Progress:
        """Remove our own objects, the release, and the namespace when we made it and nothing else is in it."""
        return patient(lambda: self._remove(side, definition))

    def _ensure(self, side: Side, definition: AddOnDefinition, installation: Installation, wanted: str) -> Progress:
        record = self._claimed(side, definition)
        leaves = Leaves.read(side.kubernetes, definition)
        missing = leaves.missing(definition)
        if record.content != installation.content or missing not in {"", record.repaired}:
            repaired = missing if record.content == installation.content else ""
            record = record.keep(side.kubernetes, digest="", content="")
            self._lay(side, definition, installation)
            record = record.keep(side.kubernetes, content=installation.content, repaired=repaired)
            leaves = Leaves.read(side.kubernetes, definition)
        trouble = leaves.trouble(definition)
        if trouble:
            return Waiting(trouble)
        self._finish(side, installation, record, wanted)
        return Done(f"{installation.chart} {installation.version}")

    def _claimed(self, side: Side, definition: AddOnDefinition) -> Record:
        """The record of the add-on, made when there is none. From then on what is there is known to be ours."""
        record = read_record(side.kubernetes, definition.name, definition.namespace)
        if record is None:
            if self._is_released(side, definition):
                raise Rejected(
                    f"cluster {side.cluster} has a Helm release {_release(definition)} that Flotilla did not make; "
                    f"uninstall it, or remove the add-on '{definition.name}' from the spec",
                    reason="NotOurs",
                )
            ensure_namespace(side, definition.namespace, definition.name)
            fresh = Record(side.federation, side.cluster, definition.name, definition.namespace)
            return fresh.keep(side.kubernetes)
        if record.federation != side.federation:
            raise Rejected(f"add-on '{definition.name}' belongs to federation {record.federation}", reason="NotOurs")
        return record

    def _lay(self, side: Side, definition: AddOnDefinition, installation: Installation) -> None:
        chart = Chart(installation.chart, installation.version, installation.repository)
        log.info("add-on %s of cluster %s: laying %s %s", definition.name, side.cluster, chart.name, chart.version)
        limit_s = side.kubernetes.round_trip.allow(WRITE_TIMEOUT_S, _RELEASE_TRIPS)
        self._helm.upgrade_install(self._kubeconfig(side), _release(definition), chart, installation.values, limit_s)

    def _finish(self, side: Side, installation: Installation, record: Record, wanted: str) -> None:
        """Our own objects, and the mark that all is done. What is new is noted before it is made."""
        objects = tuple(OwnObject.of(obj) for obj in installation.objects)
        dropped = tuple(each for each in record.objects if each not in objects)
        if not set(objects) <= set(record.objects):
            record = record.keep(side.kubernetes, objects=tuple(dict.fromkeys((*record.objects, *objects))))
        for obj in installation.objects:
            ensure(side.kubernetes, obj)
        for each in dropped:
            ensure_gone(side.kubernetes, each.resource, each.name, each.namespace)
        if (record.digest, record.objects, record.repaired) != (wanted, objects, ""):
            record.keep(side.kubernetes, digest=wanted, objects=objects, repaired="")

    def _remove(self, side: Side, definition: AddOnDefinition) -> Progress:
        record = read_record(side.kubernetes, definition.name, definition.namespace)
        if record is None or record.federation != side.federation:
            return remove_namespace(side, definition.namespace, definition.name)
        for each in record.objects:
            if not ensure_gone(side.kubernetes, each.resource, each.name, each.namespace):
                return Waiting(f"{each.kind} {each.name} to be gone")
        if self._is_released(side, definition):
            held = clear(side.kubernetes, definition)
            if held:
                return Waiting(f"{definition.name} to let go of {held}")
            limit_s = side.kubernetes.round_trip.allow(WRITE_TIMEOUT_S, _RELEASE_TRIPS)
            self._helm.uninstall(self._kubeconfig(side), _release(definition), limit_s)
        release_held(side.kubernetes, definition)
        progress = remove_namespace(side, definition.namespace, definition.name)
        if isinstance(progress, Done):
            delete_record(side.kubernetes, record)
        return progress

    def _is_released(self, side: Side, definition: AddOnDefinition) -> bool:
        """Whether Helm keeps anything of the release. Source: helm.sh, "Storage backends": Secrets."""
        owned = {"owner": "helm", "name": definition.name}
        return bool(side.kubernetes.list(SECRET, definition.namespace, labels=owned))

    def _kubeconfig(self, side: Side) -> str:
        found = self._vault.kubeconfig(side.federation, side.cluster)
        if found is None:
            raise NotReadyYet(f"no kubeconfig of cluster {side.cluster} is kept")
        return found


def _release(definition: AddOnDefinition) -> ReleaseName:
    return ReleaseName(definition.name, definition.namespace)


def _observed(record: Record, definition: AddOnDefinition | None, leaves: Leaves) -> ObservedAddOn:
    if definition is None:
        return ObservedAddOn(
            record.addon, record.digest, ready=False, message="the catalogue does not have it any more"
        )
    trouble = leaves.trouble(definition) or ("" if record.digest else "its installation has not ended")
    return ObservedAddOn(record.addon, record.digest, ready=not trouble, message=trouble)
