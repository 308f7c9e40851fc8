"""Our server block in a CoreDNS configuration: made, found again, and taken out without touching anything else.

A block of its own, and not the ``hosts`` plugin of the cluster's block: k3s has one there already, and a plugin may
stand in a block once. It begins with a name that nobody can have, by which it is known: comments would be lost when
kubeadm migrates the file.

Source: coredns.io, "Corefile explained", plugins hosts, forward and cache; RFC 6761, ``invalid.``; k3s-io/k3s,
manifests/coredns.yaml; coredns/corefile-migration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from federation.spec.dns import Rule

MARK = "flotilla.invalid:53"
_BEGIN = re.compile(rf"^[ \t]*{re.escape(MARK)}[^\n{{]*\{{", re.MULTILINE)
_RULE = re.compile(r"^\s*(\d+\.\d+\.\d+\.\d+)\s+(\S+)\s*$", re.MULTILINE)
_BLOCK = """\
{zones} {{
    errors
    hosts {{
{rules}
        fallthrough
    }}
    forward . /etc/resolv.conf
    cache 30
}}
"""


def render_block(rules: Iterable[Rule]) -> str:
    """The server block; empty without rules. What is below one of its names is asked of the cluster's own resolvers."""
    ordered = sorted(rules)
    if not ordered:
        return ""
    zones = " ".join([MARK, *dict.fromkeys(f"{name}:53" for name, _ in ordered)])
    return _BLOCK.format(zones=zones, rules="\n".join(f"        {address} {name}" for name, address in ordered))


def find_rules(corefile: str) -> frozenset[Rule]:
    """The rules of our block; none without one."""
    place = _place(corefile)
    text = corefile[place[0] : place[1]] if place else ""
    return frozenset((name, address) for address, name in _RULE.findall(text))


def with_rules(corefile: str, rules: Iterable[Rule]) -> str:
    """The configuration with exactly these rules in our block; all else is as it was, to the letter."""
    place, block = _place(corefile), render_block(rules)
    if place is not None:
        return corefile[: place[0]] + block + corefile[place[1] :]
    gap = "" if not block or not corefile or corefile.endswith("\n") else "\n"
    return corefile + gap + block


def _place(corefile: str) -> tuple[int, int] | None:
    """Where our block begins and ends, the line's end included; None when it is not there or never closed."""
    begin = _BEGIN.search(corefile)
    depth = 0
    for brace in re.finditer(r"[{}]", corefile[begin.start() :] if begin else ""):
        depth += 1 if brace.group() == "{" else -1
        if begin and depth == 0:
            end = begin.start() + brace.end()
            return begin.start(), end + (corefile[end : end + 1] == "\n")
    return None
