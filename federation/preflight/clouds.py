"""Whether what a cluster names of a cloud is there and can be used: image, flavors, external network, credentials."""

from __future__ import annotations

from collections.abc import Iterator

from federation.preflight.facts import CloudFacts, ImageFacts
from federation.preflight.findings import Finding
from federation.preflight.inquiry import Inquiry
from federation.preflight.sizes import Builder, kubernetes_architecture, too_small
from federation.spec.catalogue import MachineNeeds
from federation.spec.problems import FieldPath
from federation.state.observed import Absent, Observation, Present, Unknown

LEAST_CREDENTIALS_S = 24 * 3600.0
"""Credentials that end sooner leave a cluster that nobody can repair or remove."""


def check_cloud(inquiry: Inquiry, facts: CloudFacts, builder: Builder) -> Iterator[Finding]:
    """Everything but quotas."""
    yield from _image(inquiry, facts, builder)
    yield from _flavors(inquiry, facts, builder)
    yield from _external(inquiry, facts)
    yield from _credentials(inquiry, facts)


def _image(inquiry: Inquiry, facts: CloudFacts, builder: Builder) -> Iterator[Finding]:
    place = _place(inquiry, "image")
    name = getattr(inquiry.cluster.infrastructure, "image", "")
    match facts.image:
        case Absent():
            fix = "name an image that 'openstack image list' shows"
            yield _unmet(inquiry, "ImageMissing", place, f"the cloud has no image '{name}'", fix)
        case Present(value=image):
            if image.status != "active":
                seen = f"image '{name}' is {image.status}, not active"
                yield _unmet(inquiry, "ImageUnusable", place, seen, "wait for its upload, or name another image")
            yield from _architecture(inquiry, name, image, builder)
        case Unknown():
            yield _silent(inquiry, place, f"image '{name}'", facts.image)


def _architecture(inquiry: Inquiry, name: str, image: ImageFacts, builder: Builder) -> Iterator[Finding]:
    architecture = kubernetes_architecture(image.architecture)
    if not image.architecture or builder.makes(architecture):
        return
    seen = f"image '{name}' is for {architecture}, and {builder.name} is there for {builder.told_architectures}"
    fix = "name an image of such an architecture, or another distribution"
    yield _unmet(inquiry, "ArchitectureDiffers", _place(inquiry, "image"), seen, fix)


def _flavors(inquiry: Inquiry, facts: CloudFacts, builder: Builder) -> Iterator[Finding]:
    told = set[FieldPath]()
    for target in inquiry.fresh:
        place = (*inquiry.path, *inquiry.pool_place(target), "flavor")
        found = facts.flavors.get(target.flavor or "")
        if place in told or found is None:
            continue
        told.add(place)
        match found:
            case Absent():
                seen = f"the cloud has no flavor '{target.flavor}'"
                fix = "name a flavor that 'openstack flavor list' shows"
                yield _unmet(inquiry, "FlavorMissing", place, seen, fix)
            case Present(value=flavor):
                lack = too_small(_least(builder.least(target.role), facts.image), flavor)
                if lack:
                    seen = f"flavor '{target.flavor}' has {lack}"
                    yield _unmet(inquiry, "FlavorTooSmall", place, seen, "name a larger flavor")
            case Unknown():
                yield _silent(inquiry, place, f"flavor '{target.flavor}'", found)


def _least(needs: MachineNeeds, image: Observation[ImageFacts]) -> MachineNeeds:
    """What distribution and image need together. A disk of 0 is as large as the image. Source: nova, "Flavors"."""
    if not isinstance(image, Present):
        return needs
    memory_mib = max(needs.memory_mib, image.value.memory_mib)
    disk_gib = max(needs.disk_gib, image.value.disk_gib)
    return needs.model_copy(update={"memory_mib": memory_mib, "disk_gib": disk_gib})


def _external(inquiry: Inquiry, facts: CloudFacts) -> Iterator[Finding]:
    place = _place(inquiry, "externalNetwork")
    name = getattr(inquiry.cluster.infrastructure, "external_network", "")
    if isinstance(facts.external, Absent):
        fix = "name a network that 'openstack network list --external' shows"
        yield _unmet(inquiry, "ExternalNetworkMissing", place, f"the cloud has no external network '{name}'", fix)
    elif isinstance(facts.external, Unknown):
        yield _silent(inquiry, place, f"network '{name}'", facts.external)


def _credentials(inquiry: Inquiry, facts: CloudFacts) -> Iterator[Finding]:
    place = _place(inquiry, "cloud")
    match facts.credentials_left_s:
        case Present(value=left_s) if left_s < LEAST_CREDENTIALS_S:
            seen = f"the credentials end in {left_s / 3600:.0f} h" if left_s > 0 else "the credentials have ended"
            fix = "make new ones and put them into the block: flotilla blocks create flotilla-openstack-cloud"
            yield _unmet(inquiry, "CredentialsExpire", place, seen, fix)
        case Unknown() as unknown:
            yield _silent(inquiry, place, "the end of the credentials", unknown)


def _place(inquiry: Inquiry, name: str) -> FieldPath:
    return (*inquiry.path, "infrastructure", name)


def _unmet(inquiry: Inquiry, reason: str, field: FieldPath, seen: str, fix: str) -> Finding:
    return Finding(inquiry.cluster.name, reason, field, seen, fix)


def _silent(inquiry: Inquiry, field: FieldPath, what: str, why: Unknown) -> Finding:
    seen, fix = f"{what} cannot be read: {why.message}", "nothing is held for it; look at the cloud"
    return Finding(inquiry.cluster.name, why.reason, field, seen, fix, silent=True)
