"""Texts that want more memory, time or stack than a spec may have."""

from __future__ import annotations

import random
from collections.abc import Callable

from federation.spec.document import MAX_NODES

Bomb = Callable[[random.Random, str], bytes]
_HEAD = "apiVersion: flotilla.dev/v1alpha1\nkind: Federation\nmetadata: {name: x}\n"


def _laughs(dice: random.Random, _text: str) -> bytes:
    width, levels = dice.choice(((9, 9), (2, 40), (50, 5), (1000, 3)))
    lines = [f"l0: &l0 [{', '.join(['lol'] * width)}]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


def _merges(dice: random.Random, _text: str) -> bytes:
    levels = dice.choice((5, 30, 200))
    lines = [f"m0: &m0 {{{', '.join(f'k{n}: 1' for n in range(200))}}}"]
    lines += [f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}, *m{n - 1}], x{n}: *m{n - 1}}}" for n in range(1, levels)]
    return "\n".join(lines).encode()


def _itself(dice: random.Random, _text: str) -> bytes:
    return (
        dice.choice((b"&a [*a]", b"a: &a {b: *a}", b"&a {<<: *a}", b"spec: &s {clusters: [*s]}", b"&a [*b]", b"*a"))
        + b"\n"
    )


def _deep(dice: random.Random, _text: str) -> bytes:
    depth = dice.choice((49, 51, 1000, 100_000))
    opened = dice.choice(("[", "{a: ", "- ", "? ", "!!x [", "&a ["))
    return (dice.choice((_HEAD + "spec: ", "")) + opened * depth).encode()


def _long_scalar(dice: random.Random, _text: str) -> bytes:
    size = dice.choice((10_000, 1_000_000, 3_900_000))
    unit = dice.choice(("a", "é", "'", "1", "\\u0061", " ", "\n\n", "-"))
    form = dice.choice(
        (
            "metadata: {{name: {}}}",
            'metadata: {{name: "{}"}}',
            "{}: 1",
            "spec: {{x: '{}'}}",
            "# {}",
            "&{} a",
            "!{} a",
            "? {}",
        )
    )
    return (_HEAD.replace("metadata: {name: x}\n", "") + form.format(unit * (size // len(unit)))).encode()


def _long_list(dice: random.Random, _text: str) -> bytes:
    size = dice.choice((1000, MAX_NODES // 2, MAX_NODES - 100, 400_000))
    entry, above = dice.choice(
        (
            ("x", "clusters"),
            ("{}", "clusters"),
            ("{name: a}", "applications"),
            ("[]", "peerings"),
            ("{between: [a, a]}", "peerings"),
            ("1", "x"),
            ("-", "clusters"),
        )
    )
    return f"{_HEAD}spec: {{{above}: [{', '.join([entry] * size)}]}}".encode()


def _long_map(dice: random.Random, _text: str) -> bytes:
    size = dice.choice((1000, MAX_NODES // 2, MAX_NODES - 100, 200_000))
    name = dice.choice(("k{}", "same", "{}", "'{}\u202e'", "? {}"))
    within = dice.choice(("spec", "metadata: {name: x, labels", "x"))
    close = "}" if "{" in within else ""
    return f"{_HEAD}{within}: {{{', '.join(f'{name.format(n)}: {n}' for n in range(size))}}}{close}".encode()


def _many_clusters(dice: random.Random, _text: str) -> bytes:
    """A good spec, and a large one."""
    (clusters, pools), machines = dice.choice(((200, 1), (1000, 1), (5000, 1), (50, 100))), dice.choice((1, 1000))
    workers = ", ".join(f"{{name: p{n}, count: {machines}, flavor: m}}" for n in range(pools))
    head = (
        f"{_HEAD}spec:\n  defaults:\n    infrastructure: {{type: openstack, cloud: l, image: i, externalNetwork: p}}\n"
        "    distribution: {type: k3s, version: v1.36.4+k3s1}\n    controlPlane: {count: 1, flavor: m}\n"
        f"    workers: [{workers}]\n  clusters:\n"
    )
    return (head + "".join(f"  - {{name: c{n}}}\n" for n in range(clusters))).encode()


def _many_components(dice: random.Random, _text: str) -> bytes:
    size = dice.choice((100, 2000, 20_000))
    head = (
        f"{_HEAD}spec:\n  clusters:\n  - name: a\n    infrastructure: {{type: hosts, inventory: i}}\n"
        "    distribution: {type: k3s, version: v1.36.4+k3s1}\n  applications:\n"
    )
    anchor = "{components: &c [{name: x, image: i, placement: {cluster: a}}], name: app}"
    each = dice.choice(
        (
            "{{components: *c, name: n{}}}",
            "{{name: n{}, components: [{{name: y, image: i, placement: {{cluster: b}}}}]}}",
        )
    )
    return (head + f"  - {anchor}\n" + "".join(f"  - {each.format(n)}\n" for n in range(size))).encode()


def _documents(dice: random.Random, text: str) -> bytes:
    form = dice.choice(
        (
            "---\n{0}---\n{0}",
            "{0}...\n{0}",
            "---\n---\n{0}",
            "%YAML 1.1\n---\n{0}",
            "%YAML 9.9\n---\n{0}",
            "%TAG ! tag:x,2000:\n---\n{0}",
            "--- |\n {0}",
            "",
            "---",
            "# only words",
            "\n" * 1000,
            "null",
            "[]",
            "x",
        )
    )
    return form.format(text).encode()


def _tags(dice: random.Random, text: str) -> bytes:
    tag = dice.choice(
        (
            "!!python/object/apply:os.system ['true']",
            "!!python/name:os.system",
            "!!python/module:os",
            "!!set {a}",
            "!!omap [a: 1]",
            "!!timestamp 2026-11-21",
            "!<tag:%0A%1B[2J> x",
            "!!null x",
            "!!int x",
            "!!float .nan",
            "!!bool yes",
            "!!binary aGk=",
        )
    )
    return text.replace("name:", f"name: {tag} #", dice.choice((1, -1))).encode()


def _anchors(dice: random.Random, text: str) -> bytes:
    size = dice.choice((100, 50_000))
    return ("x: [" + ", ".join(f"&a{n} {n}" for n in range(size)) + "]\n" + text).encode()


BOMBS: dict[str, Bomb] = {
    "aliases": _laughs,
    "merge keys": _merges,
    "names itself": _itself,
    "depth": _deep,
    "long text": _long_scalar,
    "long list": _long_list,
    "long map": _long_map,
    "many clusters": _many_clusters,
    "many components": _many_components,
    "documents": _documents,
    "tags": _tags,
    "anchors": _anchors,
}
