"""A grammar of mutations over good specs. The same seed always makes the same specimen."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.reliability.hostile.bombs import BOMBS
from tests.reliability.hostile.shapes import anything
from tests.reliability.hostile.strings import NUMBERS, TEXTS

ROOT = Path(__file__).parents[3]
FOLDERS = (ROOT / "config" / "federations", ROOT.parent / "shared" / "scenarios")

_BREAKS = frozenset("\x85\u2028\u2029")
"""What PyYAML writes as it is, and takes for the end of a line when it reads it."""
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Specimen:
    """One spec to try.

    Attributes:
        kind: Name of the mutation.
        data: The file as bytes.
        planted: Where a single hostile text was put, and the text: if it is accepted, exactly it must arrive.
    """

    kind: str
    data: bytes
    planted: tuple[Path_, str] | None = None


@cache
def originals() -> tuple[str, ...]:
    """Texts of good specs, in a fixed order."""
    files = [file for folder in FOLDERS if folder.is_dir() for file in sorted(folder.glob("*.yaml"))]
    return tuple(file.read_text() for file in files)


def specimen(seed: int) -> Specimen:
    """The specimen of a seed."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    name, weight = dice.choices(list(_KINDS.items()), [weight for weight, _ in _KINDS.values()])[0]
    del weight
    return _KINDS[name][1](dice, name)


def paths(value: Any, above: Path_ = ()) -> list[Path_]:
    """Every place in a tree, the top first."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above] + [path for key, each in below for path in paths(each, (*above, key))]


def at(tree: Any, path: Path_) -> Any:
    """The value at a place."""
    for part in path:
        tree = tree[part]
    return tree


def put(tree: Any, path: Path_, value: Any) -> Any:
    """The tree with another value at a place."""
    if not path:
        return value
    at(tree, path[:-1])[path[-1]] = value
    return tree


def _tree(dice: random.Random) -> Any:
    return yaml.safe_load(dice.choice(originals()))


def _written(dice: random.Random, tree: Any) -> bytes:
    flow, as_it_is, ordered = dice.choice((None, True, False)), dice.random() < 0.5, dice.random() < 0.5
    options: dict[str, Any] = {"default_flow_style": flow, "sort_keys": ordered}
    text = yaml.safe_dump(tree, allow_unicode=as_it_is, **options)
    if not _BREAKS.isdisjoint(text):
        text = yaml.safe_dump(tree, allow_unicode=False, **options)
    return text.encode(errors="surrogatepass")


def _text_field(dice: random.Random, kind: str) -> Specimen:
    """One text of a good spec becomes a hostile one, or has it inside."""
    tree = _tree(dice)
    path = dice.choice([path for path in paths(tree) if isinstance(at(tree, path), str)])
    hostile, old = dice.choice(TEXTS), at(tree, path)
    value = dice.choice((hostile, hostile, old + hostile, hostile + old, old[:1] + hostile + old[1:]))
    return Specimen(kind, _written(dice, put(tree, path, value)), (path, value))


def _free_text(dice: random.Random, kind: str) -> Specimen:
    """A hostile text where text is free: it has to arrive as it is, or be refused."""
    tree = _tree(dice)
    applications = tree["spec"].get("applications") or [{"name": "x", "components": [{"name": "y", "image": "i:1"}]}]
    component: Path_ = ("spec", "applications", 0, "components", 0)
    tree["spec"]["applications"] = applications
    value = dice.choice(TEXTS) + dice.choice(("", "", "x", dice.choice(TEXTS)))
    field, place = dice.choice((("env", "E"), ("command", 0), ("args", 0), ("env", value)))
    content: Any = {place: value} if field == "env" else [value]
    tree = put(tree, (*component, field), content)
    if dice.random() < 0.3:
        addon = {"name": "monitoring", "values": {"grafana": {"x": value, value: [value]}}}
        put(tree, ("spec", "clusters", 0, "addons"), ["metallb", "liqo", addon])
    return Specimen(kind, _written(dice, tree), ((*component, field, place), value))


def _any_field(dice: random.Random, kind: str) -> Specimen:
    """One to three places hold anything."""
    tree = _tree(dice)
    for _ in range(dice.randint(1, 3)):
        tree = put(tree, dice.choice(paths(tree)), _junk(dice, tree))
    return Specimen(kind, _written(dice, tree))


def _junk(dice: random.Random, tree: Any) -> Any:
    choices: tuple[Callable[[], Any], ...] = (
        lambda: None,
        lambda: dice.choice((True, False)),
        lambda: dice.choice(NUMBERS),
        lambda: dice.choice(TEXTS),
        list,
        dict,
        lambda: date(2026, 11, 21),
        lambda: b"\x00\xff",
        lambda: {2: 2, None: 3, True: 4},
        lambda: {"a"},
        lambda: copy.deepcopy(at(tree, dice.choice(paths(tree)))),
        lambda: [dice.choice(TEXTS)] * dice.randint(1, 300),
        lambda: {text: dice.choice(TEXTS) for text in dice.sample(TEXTS, 5)},
        lambda: anything(dice, 4),
        lambda: dice.choice(TEXTS) * dice.choice((10, 1000, 50_000)),
    )
    return dice.choice(choices)()


def _key(dice: random.Random, kind: str) -> Specimen:
    """A key is renamed, lost, or joined by one that nobody knows."""
    tree = _tree(dice)
    within = at(
        tree, dice.choice([path for path in paths(tree) if isinstance(at(tree, path), dict) and at(tree, path)])
    )
    old = dice.choice(list(within))
    new = dice.choice(
        (dice.choice(TEXTS), old.upper(), old + "s", old[:-1], f"{old} ", "x" * dice.choice((300, 100_000)))
    )
    if dice.random() < 0.5:
        within[new] = dice.choice((within[old], _junk(dice, tree)))
    else:
        within[new] = within.pop(old)
    return Specimen(kind, _written(dice, tree))


def _twice(dice: random.Random, kind: str) -> Specimen:
    """Some lines are there twice, out of order, or deeper than they were."""
    lines = dice.choice(originals()).splitlines()
    for _ in range(dice.randint(1, 3)):
        first = dice.randrange(len(lines))
        block = lines[first : first + dice.randint(1, 6)]
        shift = dice.choice(("", " ", "  ", "\t"))
        place = dice.choice((first, dice.randrange(len(lines))))
        lines[place:place] = [shift + line for line in block]
    return Specimen(kind, "\n".join(lines).encode())


def _scalar_text(dice: random.Random, kind: str) -> Specimen:
    """A value in the text becomes something that YAML has its own thoughts about."""
    lines = dice.choice(originals()).splitlines()
    number = dice.choice([index for index, line in enumerate(lines) if ": " in line])
    head, _, _ = lines[number].partition(": ")
    word = dice.choice(
        [*map(str, NUMBERS), *TEXTS, "!!python/object/apply:os.system ['true']", "!!binary aGk=", "!x y", "&a *a", "*a"]
    )
    lines[number] = f"{head}: {word}"
    return Specimen(kind, "\n".join(lines).encode(errors="surrogatepass"))


def _bytes(dice: random.Random, kind: str) -> Specimen:
    """Bytes lost, doubled, turned or put in."""
    data = bytearray(dice.choice(originals()).encode())
    for _ in range(dice.randint(1, 8)):
        place = dice.randrange(len(data))
        match dice.randrange(4):
            case 0:
                data[place] = dice.randrange(256)
            case 1:
                del data[place : place + dice.randint(1, 60)]
            case 2:
                data[place:place] = bytes(dice.randrange(256) for _ in range(dice.randint(1, 6)))
            case _:
                data[place:place] = dice.choice(
                    (b"\t", b"\x00", b"{", b"]", b"'", b'"', b"\r", b"%", b"&a ", b"*a ", b"!!x ", b"---\n")
                )
    return Specimen(kind, bytes(data))


def _encoding(dice: random.Random, kind: str) -> Specimen:
    """The right words in other bytes."""
    text = dice.choice(originals())
    encoding = dice.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1", "cp037", "utf-7"))
    ends = dice.choice(("\n", "\r\n", "\r", "\u0085", "\u2028"))
    return Specimen(kind, text.replace("\n", ends).encode(encoding, errors="replace"))


def _bomb(dice: random.Random, kind: str) -> Specimen:
    """Small texts that want to be large, and large ones."""
    name = dice.choice(sorted(BOMBS))
    return Specimen(f"{kind}: {name}", BOMBS[name](dice, dice.choice(originals())))


def _shape(dice: random.Random, kind: str) -> Specimen:
    """What the schema of a spec allows, and a little beside it."""
    return Specimen(kind, _written(dice, anything(dice, 7)))


_KINDS: dict[str, tuple[int, Callable[[random.Random, str], Specimen]]] = {
    "text field": (25, _text_field),
    "free text": (20, _free_text),
    "any field": (15, _any_field),
    "key": (8, _key),
    "lines": (6, _twice),
    "scalar": (10, _scalar_text),
    "bytes": (8, _bytes),
    "encoding": (2, _encoding),
    "bomb": (4, _bomb),
    "shape": (2, _shape),
}
