"""Add-ons by Helm: installed once, changed when what is asked for changes, ready when their leaf objects are."""

from __future__ import annotations

from collections.abc import Mapping

from clients.helm.client import HelmClient
from clients.kubernetes.apply import ensure, ensure_gone
from federation.errors import NotReadyYet, Rejected
from federation.spec.addon import AddOnDefinition
from federation.spec.cluster import AddOn, Cluster
from federation.spec.digests import digest_for
from federation.spec.peering import Profile
from federation.state.observed import ObservedAddOn
from providers.addons.definitions import ensure_definitions
from providers.addons.leaves import Leaves
from providers.addons.namespaces import ensure_namespace
from providers.addons.record import OwnObject, Record, list_records, read_record
from providers.addons.releases import Releases, is_released, release_of
from providers.addons.removal import remove_addon
from providers.addons.renderers.place import Place
from providers.addons.rendering import Installation, render_installation
from providers.contracts import Done, Progress, Side, Vault, Waiting
from providers.patience import patient


class HelmAddOns:
    """Implements ``AddOnInstaller``.

    Args:
        helm: Shared by all clusters.
        vault: Gives the kubeconfig that Helm needs.
    """

    def __init__(self, helm: HelmClient, vault: Vault) -> None:
        self._releases = Releases(helm, vault)

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
        """Remove our own objects, the release, its definitions where nobody else has objects of them, and the namespace
        when we made it and nothing else is in it.

        Raises:
            Rejected: Somebody else's objects would be deleted with the release.
        """
        return patient(lambda: remove_addon(self._releases, side, definition))

    def _ensure(self, side: Side, definition: AddOnDefinition, installation: Installation, wanted: str) -> Progress:
        record = self._claimed(side, definition)
        leaves = Leaves.read(side.kubernetes, definition, "chart")
        missing = leaves.missing(definition, "chart")
        if record.content != installation.content or missing not in {"", record.repaired}:
            repaired = missing if record.content == installation.content else ""
            record = record.keep(side.kubernetes, digest="", content="")
            unserved = self._define(side, definition, installation)
            if unserved:
                return Waiting(f"CustomResourceDefinition {unserved} to be served")
            self._releases.lay(side, definition, installation)
            record = record.keep(side.kubernetes, content=installation.content, repaired=repaired)
            leaves = Leaves.read(side.kubernetes, definition, "chart")
        trouble = leaves.trouble(definition, "chart")
        if trouble:
            return Waiting(trouble)
        return self._finish(side, definition, installation, record, wanted)

    def _claimed(self, side: Side, definition: AddOnDefinition) -> Record:
        """The record of the add-on, made when there is none. From then on what is there is known to be ours."""
        record = read_record(side.kubernetes, definition.name, definition.namespace)
        if record is None:
            if is_released(side, definition):
                raise Rejected(
                    f"cluster {side.cluster} has a Helm release {release_of(definition)} that Flotilla did not make; "
                    f"uninstall it, or remove the add-on '{definition.name}' from the spec",
                    reason="NotOurs",
                )
            ensure_namespace(side, definition.namespace, definition.name)
            fresh = Record(side.federation, side.cluster, definition.name, definition.namespace)
            return fresh.keep(side.kubernetes)
        if record.federation != side.federation:
            raise Rejected(f"add-on '{definition.name}' belongs to federation {record.federation}", reason="NotOurs")
        return record

    def _define(self, side: Side, definition: AddOnDefinition, installation: Installation) -> str:
        """Bring the definitions up to date that Helm would leave as they are; returns what is not served yet."""
        if definition.custom_resources is None or definition.custom_resources.by != "folder":
            return ""
        return ensure_definitions(side, definition, self._releases.definitions(installation))

    def _finish(
        self, side: Side, definition: AddOnDefinition, installation: Installation, record: Record, wanted: str
    ) -> Progress:
        """Our own objects, what the add-on's programs make of them, and the mark that all is done.

        What is new is noted before it is made.
        """
        objects = tuple(OwnObject.of(obj) for obj in installation.objects)
        dropped = tuple(each for each in record.objects if each not in objects)
        if not set(objects) <= set(record.objects):
            record = record.keep(side.kubernetes, objects=tuple(dict.fromkeys((*record.objects, *objects))))
        self._apply(side, definition, installation)
        for each in dropped:
            ensure_gone(side.kubernetes, each.resource, each.name, each.namespace)
        trouble = Leaves.read(side.kubernetes, definition, "operator").trouble(definition, "operator")
        if trouble:
            return Waiting(trouble)
        if (record.digest, record.objects, record.repaired) != (wanted, objects, ""):
            record.keep(side.kubernetes, digest=wanted, objects=objects, repaired="")
        return Done(f"{installation.chart} {installation.version}")

    def _apply(self, side: Side, definition: AddOnDefinition, installation: Installation) -> None:
        """Our own objects; a kind that is not served any more is defined again."""
        try:
            for obj in installation.objects:
                ensure(side.kubernetes, obj)
        except NotReadyYet:
            self._define(side, definition, installation)
            raise


def _observed(record: Record, definition: AddOnDefinition | None, leaves: Leaves) -> ObservedAddOn:
    if definition is None:
        return ObservedAddOn(
            record.addon, record.digest, ready=False, message="the catalogue does not have it any more"
        )
    trouble = leaves.trouble(definition) or ("" if record.digest else "its installation has not ended")
    return ObservedAddOn(record.addon, record.digest, ready=not trouble, message=trouble)
