"""Components by themselves: what one field asks for is possible together with the others."""

from __future__ import annotations

from collections.abc import Iterator

from federation.spec.application import Application, Component
from federation.spec.catalogue import Knowledge
from federation.spec.federation import Federation
from federation.spec.homes import homes_of
from federation.spec.problems import FieldPath, Violation
from federation.spec.quantities import amount
from federation.spec.workload import Volume

_RESERVED = "flotilla-"
MAX_TEXTS = 900_000
"""Characters in all files of a component. A ConfigMap holds 1 MiB. Source: kubernetes.io, "ConfigMaps"."""


def _components(federation: Federation) -> Iterator[tuple[FieldPath, Application, Component]]:
    for index, application in enumerate(federation.spec.applications):
        for number, component in enumerate(application.components):
            yield ("spec", "applications", index, "components", number), application, component


def check_jobs(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """A job serves nobody, and only a job has an end."""
    del knowledge
    for path, _, component in _components(federation):
        who = f"component '{component.name}'"
        if component.kind == "service":
            if component.job.altered:
                yield Violation((*path, "job"), f"{who} is a service and has no end", "write 'kind: job', or remove it")
            continue
        unfit = {
            "ports": bool(component.ports),
            "probes": bool(component.probes.named),
            "replicas": component.replicas is not None,
            "update": bool(component.update.altered),
        }
        for field in (field for field, given in unfit.items() if given):
            yield Violation((*path, field), f"'{field}' is for services, but {who} is a job", f"remove '{field}'")


def check_resources(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Nothing asks for more than it may use."""
    del knowledge
    for path, _, component in _components(federation):
        resources = component.resources
        for name, limit in resources.limited.items() if resources else ():
            requested = amount(resources.requested.get(name, "0")) if resources else None
            most = amount(limit)
            if requested is not None and most is not None and requested > most:
                message = f"component '{component.name}' asks for more {name} than it may use at most ({limit})"
                yield Violation((*path, "resources", "requests", name), message, "raise the limit or lower the request")


def check_mounts(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Each path of a container is one file or one volume, and volumes have names of their own."""
    del knowledge
    for path, _, component in _components(federation):
        seen: set[str] = set()
        places = [
            *(((*path, "files", index), file.path) for index, file in enumerate(component.files)),
            *(((*path, "volumes", index), volume.path) for index, volume in enumerate(component.volumes)),
        ]
        for place, mounted in places:
            if mounted in seen:
                message = f"'{mounted}' of component '{component.name}' is there twice"
                yield Violation((*place, "path"), message, "give one of them another path")
            seen.add(mounted)
        if sum(len(file.text or "") for file in component.files) > MAX_TEXTS:
            message = f"the files of component '{component.name}' are larger than a ConfigMap can be"
            yield Violation(
                (*path, "files"), message, f"keep them below {MAX_TEXTS} characters, or put them in the image"
            )


def check_volumes(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Volumes are named, sized, and in the cluster that the application is written to."""
    del knowledge
    homes = homes_of(federation)
    for path, application, component in _components(federation):
        names: set[str] = set()
        for index, volume in enumerate(component.volumes):
            place = (*path, "volumes", index)
            yield from _volume(place, component, volume)
            if volume.name in names or volume.name.startswith(_RESERVED):
                message = f"the name '{volume.name}' of a volume of component '{component.name}' is taken"
                yield Violation((*place, "name"), message, "give it another name")
            names.add(volume.name)
            home = homes[application.name]
            away = [each for each in component.placement.named if each != home]
            if volume.persistent and home is not None and away:
                message = (
                    f"volume '{volume.name}' of component '{component.name}' would be in '{away[0]}', where the "
                    f"application is offloaded to from its home '{home}'; claims are not offloaded yet"
                )
                fix = f"place the component on '{home}', or write 'type: ephemeral'"
                yield Violation((*place, "type"), message, fix)


def _volume(place: FieldPath, component: Component, volume: Volume) -> Iterator[Violation]:
    who = f"volume '{volume.name}' of component '{component.name}'"
    if volume.persistent:
        if volume.size is None:
            yield Violation(place, f"{who} has no size", "add 'size: 1Gi'")
        if volume.medium == "memory":
            yield Violation((*place, "medium"), f"{who} is persistent, memory is not", "write 'type: ephemeral'")
        return
    unfit = {"storage_class": "storageClass", "access_mode": "accessMode", "retain": "retain"}
    for field in sorted(unfit.keys() & volume.altered):
        yield Violation((*place, unfit[field]), f"{who} ends with its pod", f"remove '{unfit[field]}'")


def check_updates(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """An update has room to begin in, and says nothing that its kind of workload does not heed."""
    del knowledge
    for path, _, component in _components(federation):
        update, given = component.update, component.update.altered
        steps = {"max_surge": "maxSurge", "max_unavailable": "maxUnavailable"}
        who = f"component '{component.name}'"
        if update.max_surge.rstrip("%").strip("0") == "" and update.max_unavailable.rstrip("%").strip("0") == "":
            message = f"an update of {who} may neither add nor remove a pod, so it cannot begin"
            yield Violation((*path, "update"), message, "raise 'maxSurge' or 'maxUnavailable'")
        own = component.workload == "StatefulSet"
        if own or update.strategy == "recreate":
            why = "replaces its pods one by one, each with its volume" if own else "ends all old pods first"
            for field in sorted(steps.keys() & given):
                yield Violation((*path, "update", steps[field]), f"{who} {why}", f"remove '{steps[field]}'")
        if own and update.strategy == "recreate":
            message = f"{who} replaces its pods one by one, each with its volume"
            yield Violation((*path, "update", "strategy"), message, "remove 'strategy'")


def check_accounts(federation: Federation, knowledge: Knowledge) -> Iterator[Violation]:
    """Annotations are for accounts of our own."""
    del knowledge
    for path, _, component in _components(federation):
        account = component.service_account
        if account is not None and account.name is not None and account.annotations:
            message = f"the account '{account.name}' of component '{component.name}' was made by others"
            fix = "remove 'annotations', or 'name' to get an own account"
            yield Violation((*path, "serviceAccount", "annotations"), message, fix)
