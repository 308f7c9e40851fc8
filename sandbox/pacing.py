"""How long slow things take: named delays in three profiles, changeable while the sandbox runs."""

from __future__ import annotations

import asyncio
from typing import Literal, get_args

Profile = Literal["instant", "fast", "demo"]
PROFILES: tuple[Profile, ...] = get_args(Profile)

# Seconds in the demo profile: the proportions of a real cloud, compressed so that three clusters are
# built, peered and serving within one to one and a half minutes.
DEMO_S: dict[str, float] = {
    "server.build": 4.0,
    "server.boot": 3.0,
    "server.reboot": 3.0,
    "server.delete": 1.5,
    "server.power": 1.0,
    "floatingip.visible": 1.5,
    "image.activate": 1.0,
    "cloudinit": 2.0,
    "api.start": 1.5,
    "apt": 2.0,
    "download": 1.5,
    "kubeadm": 4.0,
    "octavia": 3.0,
    "k3s": 3.0,
    "microk8s": 2.0,
    "snap": 3.0,
    "unit": 0.3,
    "ssh": 0.0,
    "node": 1.5,
    "pod": 0.8,
    "kubelet": 0.8,
    "image.pull": 1.0,
    "metallb": 0.5,
    "liqo": 0.8,
    "namespace": 0.3,
    "controller": 0.05,
}
DEFAULT_DEMO_S = 0.5
FAST_SHARE, FAST_LEAST_S, FAST_MOST_S = 0.01, 0.01, 0.05


class Pacing:
    """Delays by name. A name without an entry takes that of its longest dotted prefix, then the default.

    Args:
        profile: ``instant`` waits for nothing, ``fast`` 10 to 50 ms, ``demo`` what the table says.
        overrides: Seconds by name or prefix; they win over the profile.
    """

    def __init__(self, profile: Profile = "instant", overrides: dict[str, float] | None = None) -> None:
        self.profile: Profile = profile
        self.overrides = dict(overrides or {})

    def delay(self, name: str) -> float:
        """Seconds that the named thing takes now."""
        override = _by_prefix(self.overrides, name)
        if override is not None:
            return override
        if self.profile == "instant":
            return 0.0
        demo = _by_prefix(DEMO_S, name)
        seconds = DEFAULT_DEMO_S if demo is None else demo
        if self.profile == "demo" or seconds == 0:
            return seconds
        return min(max(seconds * FAST_SHARE, FAST_LEAST_S), FAST_MOST_S)

    async def pause(self, name: str) -> None:
        """Wait as long as the named thing takes; gives other tasks a turn even when that is nothing."""
        await asyncio.sleep(self.delay(name))

    def change(self, profile: Profile | None = None, overrides: dict[str, float] | None = None) -> None:
        """Switch the profile, replace the overrides, or both; running waits keep their old length."""
        if profile is not None:
            if profile not in PROFILES:
                raise ValueError(f"no pacing profile {profile!r}; there are {', '.join(PROFILES)}")
            self.profile = profile
        if overrides is not None:
            self.overrides = {name: float(seconds) for name, seconds in overrides.items()}


def _by_prefix(table: dict[str, float], name: str) -> float | None:
    while name:
        if name in table:
            return table[name]
        name = name.rpartition(".")[0]
    return None
