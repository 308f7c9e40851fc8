"""curl, ss, ip and ufw. Source: curl(1) for exit codes, ss(8), ip(8)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from sandbox.ssh.binary import binary
from sandbox.ssh.process import Process
from sandbox.ssh.programs.program import Options, UsageError, parse_options

_COULD_NOT_RESOLVE, _COULD_NOT_CONNECT, _HTTP_ERROR, _USAGE = 6, 7, 22, 2
_VALUED = (
    *("-o", "--output", "-H", "--header", "-X", "--request", "-d", "--data", "-m", "--max-time", "--connect-timeout"),
    *("--retry", "--retry-delay", "-w", "--write-out", "-u", "--cacert", "--retry-max-time", "-A"),
)
_K3S = re.compile(r"/k3s/releases/download/(?P<version>v[\d.]+\+k3s\d+)/(?P<name>[\w.-]+)$")
_KEY = re.compile(r"core:/stable:/v1\.3[4-7]/deb/Release\.key$|/linux/ubuntu/gpg$")
_REPOSITORY_KEY = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nbm90IGEga2V5\n-----END PGP PUBLIC KEY BLOCK-----\n"
_ARCHITECTURES = {"amd64": "", "arm64": "-arm64"}


def k3s_asset(version: str, name: str) -> bytes | None:
    """A file of a k3s release: the program, the archive of its images, or their digests; None for any other."""
    for architecture, suffix in _ARCHITECTURES.items():
        files = {
            f"k3s{suffix}": binary("k3s", version),
            **{
                f"k3s-airgap-images-{architecture}.tar{packed}": f"k3s {version} images {packed}\n".encode()
                for packed in ("", ".gz", ".zst")
            },
        }
        if name == f"sha256sum-{architecture}.txt":
            return "".join(f"{hashlib.sha256(data).hexdigest()}  {n}\n" for n, data in files.items()).encode()
        if name in files:
            return files[name]
    return None


def _fetch(path: str) -> bytes | None:
    path = unquote(path)
    match = _K3S.search(path)
    if match:
        return k3s_asset(match["version"], match["name"])
    if _KEY.search(path):
        return _REPOSITORY_KEY
    return None


async def curl(process: Process) -> int:
    """Download what is known: releases of k3s and keys of package repositories, whatever mirror they are asked from."""
    try:
        options = parse_options(process.args, _VALUED)
    except UsageError as error:
        return process.fail(str(error), _USAGE)
    if not options.words:
        return process.fail("(2) no URL specified", _USAGE)
    quiet = options.has("-s", "--silent") and not options.has("-S", "--show-error")
    url = urlsplit(options.words[0] if "//" in options.words[0] else f"http://{options.words[0]}")
    await process.pause("download")
    if url.hostname in ("127.0.0.1", "localhost") or re.fullmatch(r"[\d.]+", url.hostname or ""):
        return await _from_machine(process, url.hostname or "", url.port or 443)
    data = _fetch(url.path)
    if data is None and "." not in (url.hostname or ""):
        return _report(process, quiet, _COULD_NOT_RESOLVE, f"Could not resolve host: {url.hostname}")
    if data is None:
        if options.has("-f", "--fail"):
            return _report(process, quiet, _HTTP_ERROR, "The requested URL returned error: 404")
        data = b"Not Found"
    _deliver(process, options, url.path, data)
    return 0


def _deliver(process: Process, options: Options, path: str, data: bytes) -> None:
    target = path.rpartition("/")[2] if options.has("-O") else options.get("-o", "--output")
    if target:
        process.files.write(process.path(target), data)
    else:
        process.stdout.write(data)


def _report(process: Process, quiet: bool, code: int, text: str) -> int:
    if not quiet:
        process.err(f"curl: ({code}) {text}")
    return code


async def _from_machine(process: Process, address: str, port: int) -> int:
    cluster = process.world.cluster_at(address, port, process.machine)
    if cluster is None:
        text = f"Failed to connect to {address} port {port} after 0 ms: Couldn't connect to server"
        return _report(process, False, _COULD_NOT_CONNECT, text)
    process.stdout.write(b"ok")
    return 0


async def ss(process: Process) -> int:
    """Print listening TCP ports."""
    process.out("State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process")
    for port, name in sorted(process.host.listening_ports().items()):
        shown = f' users:(("{name}",pid=4242,fd=3))' if any("p" in a for a in process.args) else ""
        process.out(f"LISTEN 0      4096         0.0.0.0:{port}      0.0.0.0:*{shown}")
    return 0


async def ip(process: Process) -> int:
    """Print addresses, routes and links; nothing can be changed, as there are no links to change."""
    words = [a for a in process.args if not a.startswith("-")]
    kind, verb = (words[0] if words else "addr"), (words[1] if len(words) > 1 else "show")
    shown: dict[str, Callable[[], str]] = {"a": lambda: _addresses(process), "r": lambda: _routes(process)}
    if verb in ("delete", "del", "flush"):
        name = words[-1]
        process.err(f'Cannot find device "{name}"')
        return 1
    mtu = process.machine.traits.get("mtu", 1450)
    links = f"1: lo: <LOOPBACK,UP>\n2: ens3: <BROADCAST,UP,LOWER_UP> mtu {mtu}"
    process.out(shown.get(kind[:1], lambda: links)())
    return 0


def _addresses(process: Process) -> str:
    address = process.machine.private_address
    if any(a in ("-br", "-brief") for a in process.args):
        return f"lo               UNKNOWN        127.0.0.1/8\nens3             UP             {address}/24"
    if any(a in ("-o", "-oneline") for a in process.args):
        return f"1: lo    inet 127.0.0.1/8 scope host lo\n2: ens3    inet {address}/24 brd + scope global ens3"
    return f"1: lo:\n    inet 127.0.0.1/8 scope host lo\n2: ens3:\n    inet {address}/24 scope global dynamic ens3"


def _routes(process: Process) -> str:
    address = process.machine.private_address
    gateway = address.rpartition(".")[0] + ".1"
    return f"default via {gateway} dev ens3 proto dhcp src {address} metric 100"


async def ufw(process: Process) -> int:
    """Tell whether the firewall is on; what it lets in is a trait of the machine."""
    rules = process.machine.traits.get("firewall")
    if rules is None:
        process.out("Status: inactive")
        return 0
    process.out(
        "Status: active\n\nTo                         Action      From\n--                         ------      ----"
    )
    for rule in rules:
        process.out(f"{rule:<26} ALLOW       Anywhere")
    return 0
