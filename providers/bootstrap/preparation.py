"""Brings a machine to what its distribution needs: one look, short changes at once, long ones as units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clients.ssh import probes
from clients.ssh.facts import Answer, Fact, Facts, gather
from clients.ssh.session import Session
from clients.ssh.units import UnitState, state_of
from federation.errors import Unsupported
from providers.bootstrap.changes import advance, carry_out, settle
from providers.bootstrap.host import (
    FSTAB,
    KEY_UNIT,
    PACKAGES_UNIT,
    HostFacts,
    HostNeeds,
    long_step,
    short_changes,
)
from providers.bootstrap.ownership import Mark, claim, mark_fact
from providers.contracts import Done, Progress, Waiting

_FOREIGN = ("/etc/kubernetes/kubelet.conf", "/etc/kubernetes/admin.conf", "/etc/rancher/k3s", "/var/snap/microk8s")
_UNITS = (KEY_UNIT, PACKAGES_UNIT)


@dataclass(frozen=True)
class Look:
    """One look at a machine."""

    host: HostFacts
    mark: str | None
    foreign: bool
    units: dict[str, UnitState]


def prepare(session: Session, needs: HostNeeds, mark: Mark) -> Progress:
    """Do what is missing and quick, and start or watch what takes long.

    Raises:
        Rejected: The machine belongs to another cluster.
        Unsupported: Its packages are not Debian's.
        CommandFailed: A change failed; reasons PackagesFailed, RepositoryKeyFailed.
    """
    look = look_at(session, needs)
    if not look.host.system.is_debian:
        raise Unsupported(f"{session.place} runs {look.host.system.id}; only Debian and Ubuntu can be prepared")
    claims = claim(look.mark, mark, look.foreign, session.place)
    if look.host.booting:
        return Waiting("cloud-init")
    step = long_step(needs, look.host)
    changes = [*claims, *short_changes(needs, look.host)]
    carry_out(session, changes)
    if step is not None:
        return advance(session, step, look.units[step.unit])
    if changes:
        return Waiting("settings to take effect", poll_s=0.0)
    for unit, state in look.units.items():
        settle(session, unit, state)
    return Done("prepared")


def look_at(session: Session, needs: HostNeeds) -> Look:
    """Everything that matters of a machine, in one round trip."""
    questions = _Questions(needs)
    return questions.read(gather(session, questions.all))


def _cloud_init_runs(answer: Answer) -> bool:
    return "status: running" in answer.stdout or "status: not started" in answer.stdout


class _Questions:
    """The facts of a look. States of units come first: see ``advance``."""

    def __init__(self, needs: HostNeeds) -> None:
        paths = [each.path for each in needs.files]
        paths += [path for path in (needs.key_file, needs.source_list and needs.source_list.path) if path]
        self.units = {name: probes.unit(f"{name}.service") for name in _UNITS}
        self.mark = mark_fact()
        self.foreign = [probes.exists(path) for path in _FOREIGN]
        self.booting = Fact("whether cloud-init runs", "cloud-init status", _cloud_init_runs)
        self.system = probes.operating_system()
        self.modules = {name: probes.kernel_module(name) for name in needs.modules}
        self.sysctls = {key: probes.sysctl(key) for key in needs.sysctls}
        self.swapping = probes.swap_in_use()
        self.fstab = probes.file_text(FSTAB)
        self.digests = {path: probes.file_digest(path) for path in paths}
        self.packages = probes.packages(sorted({*needs.packages, *needs.pinned}))
        services = sorted({*needs.services, *needs.restarts.values()})
        self.services = {name: probes.unit(f"{name}.service") for name in services}

    @property
    def all(self) -> list[Fact[Any]]:
        """Every question, in the order of asking."""
        single: list[Fact[Any]] = [self.mark, *self.foreign, self.booting, self.system, self.swapping, self.fstab]
        tables: list[dict[str, Fact[Any]]] = [self.modules, self.sysctls, self.digests, self.services]
        asked = [fact for table in tables for fact in table.values()]
        return [*self.units.values(), *single, *asked, self.packages]

    def read(self, facts: Facts) -> Look:
        """The answers as one value."""
        host = HostFacts(
            system=facts[self.system],
            booting=facts[self.booting],
            modules=_answers(facts, self.modules),
            sysctls=_answers(facts, self.sysctls),
            swapping=facts[self.swapping],
            fstab=facts[self.fstab],
            digests=_answers(facts, self.digests),
            packages=facts[self.packages],
            services=_answers(facts, self.services),
        )
        units = {name: state_of(facts[fact]) for name, fact in self.units.items()}
        return Look(host, facts[self.mark], any(facts[each] for each in self.foreign), units)


def _answers(facts: Facts, asked: dict[str, Fact[Any]]) -> dict[str, Any]:
    return {name: facts[fact] for name, fact in asked.items()}
