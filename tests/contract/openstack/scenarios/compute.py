"""Nova but for servers, and Glance: flavors, key pairs, server groups, versions, images."""

from __future__ import annotations

from typing import Any

from tests.contract.openstack.observing import Observer
from tests.contract.openstack.scenarios.making import NOWHERE, PUBLIC_KEY, active, end, image, server


def flavors(o: Observer) -> None:
    """Flavors by their ids and names."""
    o.get("compute", "flavors")
    o.get("compute", "flavors/detail")
    o.get("compute", "flavors/2")
    o.get("compute", "flavors/99")
    o.get("compute", "flavors", params={"limit": "2"})
    o.get("compute", "flavors", params={"marker": "3"})
    o.get("compute", "flavors", params={"marker": "99"})


def keypairs(o: Observer) -> None:
    """A key pair of a name exists once; what is no key is refused."""
    wanted = {"name": f"{o.name}-key", "public_key": PUBLIC_KEY}
    path = f"os-keypairs/{o.name}-key"
    o.get("compute", path)
    o.post("compute", "os-keypairs", {"keypair": wanted})
    o.post("compute", "os-keypairs", {"keypair": wanted})
    o.get("compute", path, only=_without_id)
    o.get("compute", "os-keypairs")
    o.post("compute", "os-keypairs", {"keypair": {**wanted, "name": f"{o.name}-bad", "public_key": "rubbish"}})
    o.post("compute", "os-keypairs", {"keypair": {"name": f"{o.name}-new"}})
    o.post("compute", "os-keypairs", {"keypair": {"public_key": PUBLIC_KEY}})
    o.post("compute", "os-keypairs", {"keypair": {**wanted, "name": "with/slash"}})
    o.delete("compute", path)
    o.delete("compute", path)
    o.cloud.ground.quota(key_pairs=0)
    o.post("compute", "os-keypairs", {"keypair": wanted})
    o.cloud.ground.quota(key_pairs=100)


def _without_id(told: Any) -> Any:
    return {**told["keypair"], "id": "<number>"}


def groups(o: Observer) -> None:
    """Server groups keep their members apart or together."""
    wanted = {"name": f"{o.name}-group", "policy": "soft-anti-affinity"}
    made = o.post("compute", "os-server-groups", {"server_group": wanted})["server_group"]
    path = f"os-server-groups/{made['id']}"
    o.post("compute", "os-server-groups", {"server_group": {**wanted, "policy": "nonsense"}})
    o.post("compute", "os-server-groups", {"server_group": {"name": "x"}})
    member = server(o, {"os:scheduler_hints": {"group": made["id"]}})["id"]
    active(o, member)
    o.get("compute", path)
    server(o, {"os:scheduler_hints": {"group": NOWHERE}})
    o.delete("compute", path)
    o.delete("compute", path)
    end(o, member)


def versions(o: Observer) -> None:
    """Each service tells its versions; one that it lacks is a 406."""
    o.get("compute", "/", token="", version="", only=_versions)
    o.get("compute", "/v2.1/", version="", only=lambda told: told["version"]["min_version"])
    o.get("compute", "flavors/2", version="")
    o.get("compute", "flavors/2", version="2.60")
    o.get("compute", "flavors/2", version="2.200")
    o.get("compute", "flavors/2", version="nonsense")
    o.get("network", "/", token="", only=lambda told: [row["id"] for row in told["versions"]])
    o.get("identity", "/v3", token="", only=lambda told: told["version"]["status"])
    o.get("compute", "nonsense")


def _versions(told: Any) -> Any:
    return [row["min_version"] for row in told["versions"] if row["status"] == "CURRENT"]


def images(o: Observer) -> None:
    """Images by name and id; several of a name are all listed."""
    found = image(o)
    o.get("image", f"images/{found}", only=_steady)
    o.get("image", "images", params={"name": "no-such-image", "status": "active"})
    o.get("image", f"images/{NOWHERE}")
    o.get("image", "images/nonsense")
    o.get("image", "images", params={"limit": "x"})
    o.get("image", "images", params={"marker": NOWHERE})
    wanted = {"name": f"{o.name}-image", "disk_format": "qcow2", "container_format": "bare", "min_disk": 1}
    made = o.post("image", "images", wanted)["id"]
    o.get("image", "images", params={"name": f"{o.name}-image", "status": "active"})
    server(o, imageRef=made)
    o.delete("image", f"images/{found}")
    o.delete("image", f"images/{made}")
    o.delete("image", f"images/{made}")


def _steady(told: Any) -> Any:
    """Without what a cloud's owner sets as he likes."""
    names = ("id", "name", "status", "visibility", "min_disk", "min_ram", "disk_format", "container_format", "tags")
    return {name: told[name] for name in (*names, "protected", "os_hidden", "os_distro", "self", "file", "schema")}


SCENARIOS = (flavors, keypairs, groups, versions, images)
