"""What the compute service knows: flavors, keypairs, servers, server groups, quotas, hypervisors."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import UTC, datetime
from typing import Any

from sandbox.openstack.refusals import Refusal

Row = dict[str, Any]
LEAST, MOST = (2, 1), (2, 96)
QUOTAS = {
    "instances": 10,
    "cores": 40,
    "ram": 102400,
    "key_pairs": 100,
    "metadata_items": 128,
    "server_groups": 10,
    "server_group_members": 10,
}
FLAVORS = {
    "1": ("m1.tiny", 1, 512, 1),
    "2": ("m1.small", 1, 2048, 20),
    "3": ("m1.medium", 2, 4096, 40),
    "4": ("m1.large", 4, 8192, 80),
    "5": ("m1.xlarge", 8, 16384, 160),
}
HYPERVISORS, HYPERVISOR_VCPUS = 8, 64
CELL_DOWN = (
    "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if "
    "possible.\n<class 'nova.exception.NovaException'>"
)


def now() -> str:
    """The time as nova writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def precise_now() -> str:
    """The time as nova writes it where it passes on what its database holds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000")


class ComputeState:
    """All objects by id; ``newest`` is the highest microversion offered, lower it to act as an older cloud.

    ``boots`` says of servers, by name, that they do not boot well: ``panic`` or ``cloud-init-error``; ``down`` names
    the hypervisors of cells whose database does not answer.
    """

    def __init__(self) -> None:
        self.newest = MOST
        self.quotas = dict(QUOTAS)
        self.keypairs: dict[str, Row] = {}
        self.servers: dict[str, Row] = {}
        self.groups: dict[str, Row] = {}
        self.boots: dict[str, str] = {}
        self.down: list[str] = []
        self.hypervisors = {f"compute-{number}": HYPERVISOR_VCPUS for number in range(1, HYPERVISORS + 1)}

    def version_for(self, asked: str) -> tuple[int, int]:
        """The microversion in force for a request's header (empty means the oldest).

        Raises:
            Refusal: 400 for a malformed one, 406 for one that is not offered.
        """
        if not asked:
            return LEAST
        if asked == "latest":
            return self.newest
        found = re.fullmatch(r"(\d+)\.(\d+)", asked)
        if found is None:
            raise Refusal(400, f"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum.")
        version = (int(found[1]), int(found[2]))
        if not LEAST <= version <= self.newest:
            least, most = (".".join(map(str, v)) for v in (LEAST, self.newest))
            text = f"Version {asked} is not supported by the API. Minimum is {least} and maximum is {most}."
            raise Refusal(406, text)
        return version

    def server(self, server_id: str) -> Row:
        """The server of this id; 404 as nova words it, 500 when its cell does not answer."""
        row = self.servers.get(server_id)
        if row is None:
            raise Refusal(404, f"Instance {server_id} could not be found.")
        if self.is_hidden(row):
            raise Refusal(500, CELL_DOWN)
        return row

    def is_hidden(self, row: Row) -> bool:
        """Whether a server lies in a cell that does not answer."""
        return row["host"] in self.down

    def group(self, group_id: str) -> Row:
        """The server group of this id; 404 as nova words it."""
        row = self.groups.get(group_id)
        if row is None:
            raise Refusal(404, f"Instance group {group_id} could not be found.")
        return row

    def usage(self) -> dict[str, int]:
        """What all servers use of the quotas."""
        flavors = [FLAVORS[row["flavor_id"]] for row in self.servers.values()]
        return {
            "instances": len(flavors),
            "cores": sum(flavor[1] for flavor in flavors),
            "ram": sum(flavor[2] for flavor in flavors),
            "key_pairs": len(self.keypairs),
            "server_groups": len(self.groups),
        }

    def check_quota(self, flavor_id: str, number: int) -> None:
        """Refuse servers beyond the quota: 403, naming what is exceeded."""
        _, vcpus, ram, _ = FLAVORS[flavor_id]
        asked = {"instances": number, "cores": vcpus * number, "ram": ram * number}
        used = self.usage()
        over = [name for name in sorted(asked) if 0 <= self.quotas[name] < used[name] + asked[name]]
        if over:
            wanted = ", ".join(str(asked[name]) for name in over)
            already = ", ".join(str(used[name]) for name in over)
            limits = ", ".join(str(self.quotas[name]) for name in over)
            names = ", ".join(over)
            text = f"Quota exceeded for {names}: Requested {wanted}, but already used {already} of {limits} {names}"
            raise Refusal(403, text)

    def choose_hypervisor(self, row: Row) -> str | None:
        """A hypervisor with room that the server's group allows; None when no host is valid."""
        used: dict[str, int] = dict.fromkeys(self.hypervisors, 0)
        for other in self.servers.values():
            if other["host"] in used and other["id"] != row["id"]:
                used[other["host"]] += FLAVORS[other["flavor_id"]][1]
        need = FLAVORS[row["flavor_id"]][1]
        up = [(host, room) for host, room in self.hypervisors.items() if host not in self.down]
        fit = [host for host, room in up if used[host] + need <= room]
        group = self.groups.get(row["group_id"] or "")
        if group is not None:
            fit = _allowed(
                group["policy"], fit, [self.servers[m]["host"] for m in self.members(group) if m != row["id"]]
            )
        return min(fit, key=lambda host: used[host], default=None)

    def members(self, group: Row) -> list[str]:
        """Ids of the servers in a group."""
        return [row["id"] for row in self.servers.values() if row["group_id"] == group["id"]]

    def snapshot(self) -> Row:
        """Everything, ready for JSON."""
        return dict(vars(self)) | {"newest": list(self.newest)}

    def restore(self, data: Row) -> None:
        """Take up what ``snapshot`` gave."""
        vars(self).update(data | {"newest": tuple(data["newest"])})


def _allowed(policy: str, fit: list[str], others: list[str]) -> list[str]:
    taken = [host for host in others if host]
    if policy == "anti-affinity":
        return [host for host in fit if host not in taken]
    if policy == "affinity" and taken:
        return [host for host in fit if host in taken]
    if policy == "soft-anti-affinity":
        return sorted(fit, key=taken.count)[:1]
    return fit


def fingerprint(public_key: str) -> str:
    """MD5 fingerprint of an OpenSSH public key, as nova shows it; 400 when it is none."""

    words = public_key.split()
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (IndexError, binascii.Error) as error:
        raise Refusal(400, "Keypair data is invalid: failed to generate fingerprint") from error
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, 32, 2))
