"""etcdctl inside the static pod of a member: list members and remove one.

Source: etcd.io, "etcdctl member"; etcd, etcdctl/ctlv3/command/printer_json.go (decimal ids; else hexadecimal).
"""

from __future__ import annotations

import json
import re

from sandbox import etcd
from sandbox.sites import Member, Site
from sandbox.ssh.process import Process
from sandbox.ssh.programs.program import Options, parse_options

_VALUED = ("--endpoints", "--cacert", "--cert", "--key", "-w", "--write-out")
_HEXADECIMAL = re.compile(r"[0-9a-f]+")
_FAILED = 1


async def etcdctl(process: Process, site: Site) -> int:
    """Run one command against the cluster's etcd."""
    options = parse_options(process.args, _VALUED)
    match options.words:
        case ["member", "list"]:
            _list(process, options, site)
            return 0
        case ["member", "remove", identifier]:
            return await _remove(process, site, identifier)
    process.err(f'Error: unknown command "{" ".join(options.words)}" for "etcdctl"')
    return _FAILED


def _list(process: Process, options: Options, site: Site) -> None:
    rows = [(member, etcd.member_id(member)) for member in site.voters()]
    if options.get("-w", "--write-out") == "json":
        members = [
            {"ID": number, "name": member.node_name, "peerURLs": [_peer(process, member)]} for member, number in rows
        ]
        process.out(json.dumps({"header": {"raft_term": 2}, "members": members}))
        return
    for member, number in rows:
        process.out(f"{number:x}, started, {member.node_name}, {_peer(process, member)}, , false")


def _peer(process: Process, member: Member) -> str:
    machine = process.world.machines.get(member.machine_id)
    return f"https://{machine.private_address if machine else 'gone'}:2380"


async def _remove(process: Process, site: Site, identifier: str) -> int:
    if _HEXADECIMAL.fullmatch(identifier) is None:
        why = f"strconv.ParseUint: parsing {identifier}: invalid syntax"
        process.err(f"Error: bad member ID arg ({why}), expecting ID in Hex")
        return _FAILED
    try:
        member = await etcd.remove(process.world, site, int(identifier, 16))
    except etcd.RemovalRefused as refusal:
        process.err(f'{{"level":"warn","msg":"retrying of unary invoker failed"}}\nError: {refusal}')
        return _FAILED
    if member is None:
        process.err("Error: etcdserver: member not found")
        return _FAILED
    process.out(f"Member {identifier} removed from cluster 1c8a34e3a6d2a1b0")
    return 0
