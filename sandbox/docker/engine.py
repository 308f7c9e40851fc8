"""The engine: images, networks and containers, each container a machine of the world with published ports."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sandbox.docker import node_image
from sandbox.docker.proxy import PortProxy
from sandbox.machines import Flavor, Machine
from sandbox.world import SSH_PORT, World

Json = dict[str, Any]
THIRD_BYTE = 18
API_PORT = 6443
_SIZE = Flavor("container", 4, 8192, 80)
_BALANCER = "kindest/haproxy:"
_RELOAD = "kill -s HUP 1"
_BALANCER_CONFIG = "/usr/local/etc/haproxy/haproxy.cfg"


def _balances(image: str) -> bool:
    return _BALANCER in image


class DockerError(Exception):
    """What the daemon refuses; the text is what ``docker`` prints after ``Error response from daemon:``."""


@dataclass(frozen=True)
class Order:
    """What ``docker run`` was told. ``published`` are host address, host port and port of the container."""

    name: str
    image: str
    network: str
    labels: dict[str, str] = field(default_factory=dict)
    binds: tuple[str, ...] = ()
    published: tuple[tuple[str, int, int], ...] = ()


@dataclass
class Container:
    """One container; its inside is the machine of the same id."""

    id: str
    order: Order
    created: str
    proxies: list[PortProxy] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name."""
        return self.order.name


class Engine:
    """One engine; a universe has one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.id = str(uuid.uuid4())
        self.containers: dict[str, Container] = {}
        self.images: set[str] = set()
        self.networks: dict[str, str] = {"bridge": secrets.token_hex(32)}

    def machine(self, container: Container) -> Machine:
        """The inside of a container."""
        return self._world.machines[container.id]

    def find(self, name: str) -> Container:
        """The container of a name or id.

        Raises:
            DockerError: There is none.
        """
        found = self.containers.get(name)
        ids = (each for each in self.containers.values() if len(name) >= 12 and each.id.startswith(name))
        found = found or next(ids, None)
        if found is None:
            raise DockerError(f"No such container: {name}")
        return found

    def pull(self, image: str) -> None:
        """Have an image here.

        Raises:
            DockerError: No registry has it.
        """
        if not _balances(image) and not node_image.packages_of(image):
            raise DockerError(f"manifest for {image} not found: manifest unknown: manifest unknown")
        self.images.add(image)
        self._world.changed("world")

    def create_network(self, name: str) -> str:
        """A bridge network; its id.

        Raises:
            DockerError: There is one of that name.
        """
        if name in self.networks:
            raise DockerError(f"network with name {name} already exists")
        self.networks[name] = secrets.token_hex(32)
        self._world.changed("world")
        return self.networks[name]

    async def run(self, order: Order) -> Container:
        """Make and start a container.

        Raises:
            DockerError: Its name or one of its ports is taken, or there is no such image or network.
        """
        if order.name in self.containers:
            other = self.containers[order.name].id
            raise DockerError(
                f'Conflict. The container name "/{order.name}" is already in use by container "{other}". You have to '
                "remove (or rename) that container to be able to reuse that name."
            )
        if order.image not in self.images:
            self.pull(order.image)
        if order.network not in self.networks:
            raise DockerError(f"network {order.network} not found")
        container = Container(secrets.token_hex(32), order, datetime.now(UTC).isoformat().replace("+00:00", "Z"))
        self.containers[order.name] = container
        self._world.add(self._inside(container))
        await self.start(container)
        return container

    def _inside(self, container: Container) -> Machine:
        number = self._free_number()
        return Machine(
            id=container.id,
            name=container.name,
            source="docker",
            flavor=_SIZE,
            private_address=f"172.18.0.{number}",
            networks=frozenset({f"docker:{container.order.network}"}),
            public_address=self._world.address(THIRD_BYTE, number),
            closed_ports={SSH_PORT},
            image=container.order.image,
            labels=dict(container.order.labels),
        )

    def _free_number(self) -> int:
        used = {machine.public_address for machine in self._world.machines.values()}
        free = (number for number in range(2, 255) if self._world.address(THIRD_BYTE, number) not in used)
        number = next(free, None)
        if number is None:
            raise DockerError("no available IPv4 addresses on this network's address pools")
        return number

    async def start(self, container: Container) -> None:
        """Start a container that does not run, and publish its ports.

        Raises:
            DockerError: A port is taken; the container stays, and does not run.
        """
        machine = self.machine(container)
        fresh = not machine.booted_once
        await self._publish(container)
        await self._world.pause("docker.start")
        await self._world.boot(machine)
        if fresh and not _balances(container.order.image):
            await node_image.install(machine.host, container.order.image)
        self._introduce()

    async def stop(self, container: Container) -> None:
        """Stop a container; what is on its disk stays."""
        await self._conceal(container)
        await self._world.power_off(self.machine(container))

    async def remove(self, container: Container) -> None:
        """Take a container and its volumes away."""
        await self._conceal(container)
        self.containers.pop(container.name, None)
        machine = self._world.machines.get(container.id)
        if machine is not None:
            await self._world.remove(machine)
        self._introduce()

    async def _publish(self, container: Container) -> None:
        await self._conceal(container)
        for host, port, inner in container.order.published:
            proxy = PortProxy(host, port, partial(self._behind, container, inner))
            try:
                await proxy.start()
            except OSError:
                await self._conceal(container)
                raise DockerError(
                    f"driver failed programming external connectivity on endpoint {container.name}: Bind for "
                    f"{host}:{port} failed: port is already allocated"
                ) from None
            container.proxies.append(proxy)

    @staticmethod
    async def _conceal(container: Container) -> None:
        proxies, container.proxies = container.proxies, []
        for proxy in proxies:
            await proxy.stop()

    def _behind(self, container: Container, port: int) -> list[tuple[str, int]]:
        """Where a published port leads: into the container, or to those that a balancer of kind has in its file."""
        if not _balances(container.order.image):
            return [(self.machine(container).public_address or "", port)]
        files = self.machine(container).host.root_files
        text = files.text(_BALANCER_CONFIG) if files.exists(_BALANCER_CONFIG) else ""
        rows = [line.split() for line in text.splitlines()]
        names = [row[1] for row in rows if row[:1] == ["server"] and row[1] in self.containers]
        return [(self.machine(self.containers[name]).public_address or "", API_PORT) for name in names]

    def _introduce(self) -> None:
        """Names of containers resolve in every container, as by the engine's own DNS; a balancer's to a server."""
        told = "".join(f"{self._address_of(each)} {each.name}\n" for each in self.containers.values())
        for each in self.containers.values():
            files = self.machine(each).host.root_files
            files.write("/etc/hosts", f"127.0.0.1 localhost\n{told}")

    def _address_of(self, container: Container) -> str:
        behind = self._behind(container, API_PORT) if _balances(container.order.image) else []
        public = behind[0][0] if behind else self.machine(container).public_address
        found = next(m for m in self._world.machines.values() if m.public_address == public)
        return found.private_address

    async def execute(self, container: Container, line: str, stdin: bytes) -> tuple[int, str, str]:
        """Run a command line in a container; status, output and errors.

        Raises:
            DockerError: The container does not run.
        """
        machine = self.machine(container)
        if machine.power != "on":
            raise DockerError(f"container {container.id} is not running")
        if _balances(container.order.image) and line == _RELOAD:
            self._introduce()
            return 0, "", ""
        done = await machine.host.run(line, stdin=stdin)
        return done.exit_status, done.stdout, done.stderr

    def describe(self) -> Json:
        """What has to outlive the process beside the machines."""
        rows = [{"id": c.id, "created": c.created, "order": asdict(c.order)} for c in self.containers.values()]
        return {"id": self.id, "containers": rows, "images": sorted(self.images), "networks": self.networks}

    def restore(self, data: Json) -> None:
        """Take up what ``describe`` gave; ``open`` publishes ports again."""
        self.id = data.get("id", self.id)
        self.images, self.networks = set(data["images"]), dict(data["networks"])
        for row in data["containers"]:
            container = Container(row["id"], _order(row["order"]), row["created"])
            self.containers[container.name] = container

    async def open(self) -> None:
        """Publish the ports of every container that runs."""
        for container in self.containers.values():
            if self.machine(container).power == "on":
                await self._publish(container)

    async def close(self) -> None:
        """Let go of every socket."""
        await asyncio.gather(*(self._conceal(container) for container in self.containers.values()))


def _order(row: Json) -> Order:
    published: Sequence[Sequence[Any]] = row["published"]
    ports = tuple((str(host), int(outer), int(inner)) for host, outer, inner in published)
    return Order(**(row | {"binds": tuple(row["binds"]), "published": ports}))
