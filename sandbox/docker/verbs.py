"""What ``docker`` answers: the verbs, options and templates that kind and people use, in the real program's words.

Source: kind v0.31, pkg/cluster/internal/providers/docker: every call that it makes; docs.docker.com/reference/cli,
Docker 28.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.docker.engine import Container, DockerError, Engine, Order
from sandbox.ssh.classify import argv_changes
from sandbox.ssh.programs.program import Options, parse_options

VERSION = "Docker version 28.2.2, build e6534b4"
_VALUED = (
    *("--name", "--hostname", "--label", "--net", "--security-opt", "--tmpfs", "--volume", "-v", "-e", "--publish"),
    *("--restart", "--filter", "--format", "-f", "--type", "--sysctl", "--device", "--userns", "-o", "--subnet", "-d"),
)
_READING = frozenset({"ps", "inspect", "info", "version", "logs"})
_READING_NETWORKS = (["network", "ls"], ["network", "inspect"])
_INFO = {
    "CgroupDriver": "systemd",
    "CgroupVersion": "2",
    "MemoryLimit": True,
    "PidsLimit": True,
    "CPUShares": True,
    "SecurityOptions": ["name=seccomp,profile=builtin", "name=cgroupns"],
    "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"]],
    "ServerVersion": "28.2.2",
}
_LABEL = re.compile(r'\{\{ ?index \.Config\.Labels "([^"]+)" ?\}\}')
_PORT = '{{ with (index (index .NetworkSettings.Ports "6443/tcp") 0) }}{{ printf "%s\t%s" .HostIp .HostPort }}{{ end }}'
_ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}},{{.GlobalIPv6Address}}{{end}}"
_STARTED = "[  OK  ] Reached target multi-user.target - Multi-User System."


@dataclass(frozen=True)
class Answer:
    """How a call ends."""

    status: int = 0
    out: str = ""
    err: str = ""


def changes(argv: Sequence[str]) -> bool:
    """Whether a call may change anything; what is run in a container is looked at, too."""
    if argv[:1] == ["exec"]:
        return argv_changes(list(_command(argv)[1]))
    return bool(argv) and argv[0] not in (*_READING, "-v") and list(argv[:2]) not in _READING_NETWORKS


async def answer(engine: Engine, argv: Sequence[str], stdin: bytes) -> Answer:
    """Carry out one call."""
    verb = _VERBS.get(argv[0]) if argv else None
    if verb is None:
        return Answer(
            1, err=f"docker: unknown command: docker {' '.join(argv[:1])}\n\nRun 'docker --help' for more information\n"
        )
    try:
        return await verb(engine, argv[1:], stdin)
    except DockerError as error:
        return Answer(125 if argv[0] == "run" else 1, err=f"Error response from daemon: {error}\n")


async def _version(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    del engine, args, stdin
    return Answer(out=f"{VERSION}\n")


async def _info(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    del stdin
    info = {"ID": engine.id, **_INFO}
    form = parse_options(args, _VALUED).get("--format", "-f") or "{{json .}}"
    if "json ." in form:
        field = form.strip("'{} ").removeprefix("json .").strip()
        return Answer(out=json.dumps(info[field] if field else info) + "\n")
    return Answer(out=f"{info[form.strip('{} .')]}\n")


async def _ps(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    del stdin
    options = parse_options(args, _VALUED)
    rows = [each for each in engine.containers.values() if _matches(each, options.get("--filter") or "")]
    if not options.has("-a", "--all"):
        rows = [each for each in rows if engine.machine(each).power == "on"]
    form = options.get("--format") or ""
    if options.has("-q", "--quiet"):
        form = "{{.ID}}"
    lines = [_shown(each, form, whole=options.has("--no-trunc")) for each in reversed(rows)]
    return Answer(out="".join(f"{line}\n" for line in lines))


def _matches(container: Container, wanted: str) -> bool:
    key, equals, value = wanted.removeprefix("label=").partition("=")
    labels = container.order.labels
    return not wanted or (labels.get(key) == value if equals else key in labels)


def _shown(container: Container, form: str, *, whole: bool) -> str:
    label = re.fullmatch(r'\{\{ ?\.Label "([^"]+)" ?\}\}', form)
    if label:
        return container.order.labels.get(label[1], "")
    return {
        "{{.Names}}": container.name,
        "{{.ID}}": container.id if whole else container.id[:12],
    }.get(form) or f"{container.id[:12]}   {container.order.image}   {container.name}"


async def _inspect(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    del stdin
    options = parse_options(args, _VALUED)
    if options.get("--type") == "image":
        missing = [name for name in options.words if name not in engine.images]
        told = "".join(f"Error response from daemon: No such image: {name}\n" for name in missing)
        return Answer(int(bool(missing)), "[]\n" if missing else "[{}]\n", told)
    form = options.get("--format", "-f")
    found: list[Container] = []
    errors = ""
    for name in options.words:
        try:
            found.append(engine.find(name))
        except DockerError:
            errors += f"Error response from daemon: No such container: {name}\n"
    if form is None:
        return Answer(int(bool(errors)), json.dumps([_document(engine, each) for each in found]) + "\n", errors)
    return Answer(int(bool(errors)), "".join(f"{_templated(engine, each, form)}\n" for each in found), errors)


def _templated(engine: Engine, container: Container, form: str) -> str:
    label = _LABEL.fullmatch(form)
    if label:
        return container.order.labels.get(label[1], "")
    if form == _PORT:
        return next((f"{host}\t{port}" for host, port, inner in container.order.published if inner == 6443), "")
    if form == _ADDRESS:
        return f"{engine.machine(container).private_address},"
    raise DockerError(f"the played docker knows no template {form}")


def _document(engine: Engine, container: Container) -> dict[str, Any]:
    order, machine = container.order, engine.machine(container)
    running = machine.power == "on"
    return {
        "Id": container.id,
        "Created": container.created,
        "Name": f"/{container.name}",
        "State": {"Status": "running" if running else "exited", "Running": running, "ExitCode": 0 if running else 137},
        "Config": {"Image": order.image, "Labels": order.labels, "Hostname": container.name},
        "Mounts": [_mount(bind) for bind in order.binds],
        "NetworkSettings": {
            "Ports": {
                f"{inner}/tcp": [{"HostIp": host, "HostPort": str(port)}] for host, port, inner in order.published
            },
            "Networks": {order.network: {"IPAddress": machine.private_address if running else ""}},
        },
    }


def _mount(bind: str) -> dict[str, Any]:
    source, _, rest = bind.partition(":")
    if not rest:
        return {"Type": "volume", "Source": "", "Destination": source, "RW": True}
    target, _, mode = rest.partition(":")
    return {"Type": "bind", "Source": source, "Destination": target, "Mode": mode, "RW": "ro" not in mode.split(",")}


async def _pull(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    del stdin
    engine.pull(args[-1])
    return Answer(out=f"Status: Downloaded newer image for {args[-1]}\n")


async def _run(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    del stdin
    options = parse_options(args, _VALUED)
    labels = dict(pair.split("=", 1) for pair in options.values.get("--label", []))
    binds = [*options.values.get("--volume", []), *options.values.get("-v", [])]
    published = tuple(_published(text) for text in options.values.get("--publish", []))
    network = options.get("--net") or "bridge"
    order = Order(options.get("--name") or "", options.words[0], network, labels, tuple(binds), published)
    container = await engine.run(order)
    return Answer(out=f"{container.id}\n")


def _published(text: str) -> tuple[str, int, int]:
    outer, _, inner = text.rpartition(":")
    host, _, port = outer.rpartition(":")
    return host, int(port), int(inner.partition("/")[0])


async def _rm(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    del stdin
    names = [word for word in args if not word.startswith("-")]
    for name in names:
        await engine.remove(engine.find(name))
    return Answer(out="".join(f"{name}\n" for name in names))


async def _start(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    del stdin
    for name in args:
        await engine.start(engine.find(name))
    return Answer(out="".join(f"{name}\n" for name in args))


async def _stop(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    del stdin
    for name in args:
        await engine.stop(engine.find(name))
    return Answer(out="".join(f"{name}\n" for name in args))


async def _logs(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    del stdin
    engine.find(args[-1])
    return Answer(out=f"{_STARTED}\n")


def _command(args: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Container and command line of ``docker exec``: options end at the container's name."""
    rest = list(args[1:] if args[:1] == ["exec"] else args)
    while rest and rest[0].startswith("-"):
        taken = 2 if rest[0] in ("-e", "--env", "-u", "--user", "-w", "--workdir") else 1
        rest = rest[taken:]
    return (rest[0] if rest else ""), rest[1:]


async def _exec(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    name, command = _command(args)
    return Answer(*await engine.execute(engine.find(name), shlex.join(command), stdin))


async def _network(engine: Engine, args: Sequence[str], stdin: bytes) -> Answer:
    del stdin
    options = parse_options(args, _VALUED)
    verb, *names = options.words
    if verb == "ls":
        wanted = (options.get("--filter") or "").removeprefix("name=")
        form = options.get("--format") or "{{.Name}}"
        found = [(key, name) for name, key in engine.networks.items() if re.search(wanted, name)]
        return Answer(out="".join(f"{key[:12] if 'ID' in form else name}\n" for key, name in found))
    if verb == "create":
        return Answer(out=f"{engine.create_network(names[0])}\n")
    if verb == "inspect":
        return _network_shown(engine, names[0], options)
    raise DockerError(f"the played docker knows no 'network {verb}'")


def _network_shown(engine: Engine, name: str, options: Options) -> Answer:
    form = options.get("-f", "--format") or ""
    if name not in engine.networks:
        raise DockerError(f"network {name} not found")
    return Answer(out="1500\n" if "driver.mtu" in form else "172.18.0.0/16 \n")


Verb = Callable[[Engine, Sequence[str], bytes], Awaitable[Answer]]
_VERBS: Mapping[str, Verb] = {
    "-v": _version,
    "exec": _exec,
    "info": _info,
    "inspect": _inspect,
    "logs": _logs,
    "network": _network,
    "ps": _ps,
    "pull": _pull,
    "rm": _rm,
    "run": _run,
    "start": _start,
    "stop": _stop,
    "version": _version,
}
