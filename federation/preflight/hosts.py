"""Whether machines that exist can become nodes: each host by itself, so that one bad host holds no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from federation.preflight.facts import HostFacts, Refused
from federation.preflight.findings import Finding
from federation.preflight.inquiry import Inquiry
from federation.preflight.sizes import Builder, too_small
from federation.spec.machines import MachineTarget
from federation.state.observed import Observation, Present, Unknown

MOST_CLOCK_OFFSET_S = 30.0
"""Certificates are valid from the moment that they are made, and leases of nodes last 40 s."""

_FIXES: Mapping[str, str] = {
    "AuthenticationRejected": "put the inventory's public key into the user's authorized_keys",
    "HostKeyMismatch": "find out why; if the machine was replaced on purpose, correct its hostKey in the inventory",
    "SudoRefused": "let the user run everything without a password: sudo visudo -f /etc/sudoers.d/flotilla",
    "SpecInvalid": "correct the inventory's block",
}


def check_hosts(
    inquiry: Inquiry, hosts: Mapping[str, Observation[HostFacts] | Refused], builder: Builder
) -> Iterator[Finding]:
    """Everything that stands in the way of the hosts that are about to become nodes.

    A spare that cannot step in holds its whole cluster, before anything of it is made; later only itself.
    """
    for target in inquiry.looked_at:
        match hosts.get(target.name):
            case Refused(reason=reason, message=message):
                fix = _FIXES.get(reason, "see the message")
                yield _finding(inquiry, target, reason, message, fix)
            case Unknown(reason=reason, message=message):
                fix = "nothing is held for it; check the machine and the way to it"
                place = inquiry.place_of(target)
                yield Finding(inquiry.cluster.name, reason, place, message, fix, silent=True)
            case Present(value=facts):
                for lack in _lacks(facts, target, builder):
                    seen = f"{_called(inquiry, target)} {lack.seen}"
                    yield _finding(inquiry, target, lack.reason, seen, lack.fix)


def _finding(inquiry: Inquiry, target: MachineTarget, reason: str, seen: str, fix: str) -> Finding:
    machine = None if target in inquiry.spares and not inquiry.stands else target.name
    return Finding(inquiry.cluster.name, reason, inquiry.place_of(target), seen, fix, machine)


def _called(inquiry: Inquiry, target: MachineTarget) -> str:
    return f"spare {target.name}" if target in inquiry.spares else f"host {target.name}"


@dataclass(frozen=True)
class Lack:
    """What a host lacks: reason, what was seen of it, and the fix."""

    reason: str
    seen: str
    fix: str


def _lacks(facts: HostFacts, target: MachineTarget, builder: Builder) -> Iterator[Lack]:
    if facts.owner:
        yield Lack("HostInUse", f"belongs to {facts.owner}", "choose another host, or free it")
        return
    yield from _system(facts, builder)
    lack = too_small(builder.least(target.role), facts)
    if lack:
        yield Lack("HostTooSmall", f"has {lack}", "take a larger host, or another role for it")
    yield from _kernel(facts)
    if abs(facts.clock_offset_s) > MOST_CLOCK_OFFSET_S:
        side = "ahead" if facts.clock_offset_s > 0 else "behind"
        seen = f"has a clock that is {abs(facts.clock_offset_s):.0f} s {side}"
        yield Lack("ClockWrong", seen, "set it: sudo timedatectl set-ntp true")
    if facts.busy_ports and not facts.is_member:
        seen = f"has something that listens on {', '.join(facts.busy_ports)}"
        yield Lack("PortInUse", seen, "find it with 'sudo ss -lntup' and stop it")


def _system(facts: HostFacts, builder: Builder) -> Iterator[Lack]:
    if not builder.makes(facts.architecture):
        seen = f"is {facts.architecture}, and {builder.name} is there for {builder.told_architectures}"
        yield Lack("ArchitectureDiffers", seen, "take a host of such an architecture, or another distribution")
    if not facts.is_debian:
        seen = f"runs {facts.system}, whose packages are not Debian's"
        yield Lack("SystemUnsupported", seen, "install Debian or Ubuntu")
    if not facts.systemd:
        yield Lack("SystemUnsupported", "is not run by systemd", "boot it with systemd; a container will not do")


def _kernel(facts: HostFacts) -> Iterator[Lack]:
    if facts.missing_modules:
        words = ", ".join(facts.missing_modules)
        fix = "install the modules of its kernel: sudo apt-get install linux-modules-extra-$(uname -r)"
        yield Lack("KernelModuleMissing", f"cannot load the kernel modules {words}", fix)
    if facts.missing_controllers:
        words = ", ".join(facts.missing_controllers)
        fix = (
            "on a Raspberry Pi add 'cgroup_memory=1 cgroup_enable=memory' to the one line of"
            " /boot/firmware/cmdline.txt, then reboot"
        )
        yield Lack("CgroupsMissing", f"has no control group for {words}", fix)
