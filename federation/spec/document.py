"""YAML text as a tree whose every node knows its line: the ground that error messages stand on.

One document, maps with text keys, no tags. Aliases are followed within bounds, so that a small text cannot grow into a
huge tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from federation.spec.problems import MAX_PROBLEMS, FieldPath, Problem, SpecErrors, render_field
from federation.spec.scalars import Scalar, parse_plain

MAX_CHARACTERS = 2_000_000
MAX_BYTES = 4 * MAX_CHARACTERS
MAX_NODES = 50_000
MAX_DEPTH = 50
FIRST_LINE = "apiVersion: flotilla.dev/v1alpha1"

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")


@dataclass(frozen=True)
class Place:
    """A position in the text, both counted from 1."""

    line: int = 1
    column: int = 1


@dataclass
class Node:
    """A value with its position. ``size`` counts the nodes below it with every alias followed."""

    place: Place
    value: Scalar | list[Node] | dict[str, Node]
    keys: dict[str, Place] = field(default_factory=dict)
    size: int = 1

    def plain(self) -> Any:
        """The value without positions."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def child(self, part: str | int) -> Node | None:
        """The node one step down, when there is one."""
        if isinstance(self.value, dict):
            return self.value.get(str(part))
        if isinstance(self.value, list) and isinstance(part, int) and part < len(self.value):
            return self.value[part]
        return None

    def find(self, path: FieldPath) -> tuple[Place, int]:
        """Position of a path, or of the nearest thing above it, and how many steps of it exist.

        Where the last step is the key of a map, the position is that of the key.
        """
        node, place = self, self.place
        for depth, part in enumerate(path):
            below = node.child(part)
            if below is None:
                return place, depth
            place = node.keys.get(str(part), below.place)
            node = below
        return place, len(path)


def parse_document(text: str, source: str, begin: str = FIRST_LINE) -> Node:
    """The one map of a YAML text; ``begin`` is its first line, for who gives an empty one.

    Raises:
        SpecErrors: The text is no YAML, too large, or uses what a spec may not use; duplicate keys and the like are
            all named at once.
    """
    return _Composer(source, begin).document(text)


def decoded(data: bytes, source: str) -> str:
    """The text of a file.

    Raises:
        SpecErrors: It is no UTF-8, or larger than any spec.
    """
    if len(data) > MAX_BYTES:
        raise SpecErrors([Problem(source, 1, 1, "", f"the file has more than {MAX_BYTES} bytes", "is it a spec?")])
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        place = place_of(data[: error.start].decode(), error.start)
        message = f"byte {error.start} is no text in UTF-8"
        raise SpecErrors([Problem(source, place.line, place.column, "", message, "save the file as UTF-8")]) from None


class _Composer:
    def __init__(self, source: str, begin: str) -> None:
        self._source = source
        self._begin = begin
        self._problems: list[Problem] = []
        self._anchors: dict[str, Node] = {}
        self._events: Iterator[yaml.Event] = iter(())
        self._nodes = 0

    def document(self, text: str) -> Node:
        if len(text) > MAX_CHARACTERS:
            self._stop(
                Place(), f"the text has more than {MAX_CHARACTERS} characters", "split it into several federations"
            )
        try:
            text.encode()
            self._events = yaml.parse(text, Loader=_LOADER)
            node = self._only_document()
        except UnicodeEncodeError as error:
            self._stop(place_of(text, error.start), "a character that is no Unicode text", "save the file as UTF-8")
        except yaml.YAMLError as error:
            self._stop(*_syntax(text, error))
        if self._problems:
            raise SpecErrors(self._problems)
        return node

    def _only_document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if root is not None:
                self._stop(
                    _place(event), "a second document begins here", "give one federation per file, without '---'"
                )
            root = self._compose(next(self._events), ())
        if root is None or root.value is None:
            self._stop(Place(), "the document is empty", f"begin with '{self._begin}'")
        if not isinstance(root.value, dict):
            self._stop(root.place, "the document is not a map", f"begin with '{self._begin}'")
        return root

    def _compose(self, event: yaml.Event, path: FieldPath) -> Node:
        place = _place(event)
        self._count(place, len(path))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place, path)
        if isinstance(event, yaml.ScalarEvent):
            node = Node(place, self._scalar(event, path))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(place, path)
        else:
            node = self._mapping(place, path)
        if isinstance(event, yaml.CollectionStartEvent) and event.tag not in (None, "!"):
            self._note(place, path, f"the tag {event.tag} is not allowed", "leave the tag out")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _count(self, place: Place, depth: int, more: int = 1) -> None:
        self._nodes += more
        if self._nodes > MAX_NODES:
            self._stop(place, f"the document has more than {MAX_NODES} values", "use fewer entries or aliases")
        if depth > MAX_DEPTH:
            self._stop(place, f"the document is nested more than {MAX_DEPTH} deep", "nothing in a spec is that deep")

    def _alias(self, event: yaml.AliasEvent, place: Place, path: FieldPath) -> Node:
        known = self._anchors.get(event.anchor or "")
        if known is None:
            self._note(place, path, f"the anchor &{event.anchor} is not defined above", f"define &{event.anchor} first")
            return Node(place, None)
        self._count(place, len(path), known.size)
        return known

    def _scalar(self, event: yaml.ScalarEvent, path: FieldPath) -> Scalar:
        if event.tag not in _TEXT_TAGS:
            self._note(_place(event), path, f"the tag {event.tag} is not allowed", "leave the tag out")
        if not event.implicit[0]:
            return event.value
        try:
            return parse_plain(event.value)
        except ValueError as error:
            self._note(_place(event), path, str(error), "quote it, or write it without the leading zero")
            return event.value

    def _sequence(self, place: Place, path: FieldPath) -> Node:
        items: list[Node] = []
        node = Node(place, items)
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._compose(event, (*path, len(items))))
            node.size += items[-1].size
        return node

    def _mapping(self, place: Place, path: FieldPath) -> Node:
        items: dict[str, Node] = {}
        node = Node(place, items)
        below: list[Node] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, at = self._key(event, path), _place(event)
            value = self._compose(next(self._events), (*path, key))
            node.size += value.size
            if key == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
                below += self._merged(value, path)
            elif key in items:
                first = node.keys[key].line
                self._note(at, (*path, key), f"'{key}' is given twice, first in line {first}", "keep one of them")
            else:
                items[key], node.keys[key] = value, at
        for each in below:
            _lay_under(node, each)
        return node

    def _key(self, event: yaml.Event, path: FieldPath) -> str:
        node = self._compose(event, path)
        if not isinstance(node.value, str):
            self._note(node.place, path, "a key of a map must be text", "quote the key")
            return f"({node.place.line}:{node.place.column})"
        return node.value

    def _merged(self, value: Node, path: FieldPath) -> list[Node]:
        nodes = value.value if isinstance(value.value, list) else [value]
        if not all(isinstance(node.value, dict) for node in nodes):
            self._note(value.place, (*path, "<<"), "'<<' must name a map", "write '<<: *anchor'")
            return []
        return nodes

    def _note(self, place: Place, path: FieldPath, message: str, fix: str) -> None:
        self._problems.append(Problem(self._source, place.line, place.column, render_field(path), message, fix))
        if len(self._problems) == MAX_PROBLEMS:
            raise SpecErrors(self._problems)

    def _stop(self, place: Place, message: str, fix: str) -> NoReturn:
        last = Problem(self._source, place.line, place.column, "", message, fix)
        raise SpecErrors([last, *self._problems])


def _lay_under(node: Node, below: Node) -> None:
    if isinstance(node.value, dict) and isinstance(below.value, dict):
        node.value.update({key: value for key, value in below.value.items() if key not in node.value})
        node.keys.update({key: place for key, place in below.keys.items() if key not in node.keys})


def _place(event: yaml.Event) -> Place:
    if event.start_mark is None:
        return Place()
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def place_of(text: str, offset: int) -> Place:
    """The line and column of a character."""
    before = text[:offset]
    return Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _syntax(text: str, error: yaml.YAMLError) -> tuple[Place, str, str]:
    if isinstance(error, yaml.reader.ReaderError):
        return place_of(text, error.position), "a character that YAML does not allow", "remove the control character"
    mark = getattr(error, "problem_mark", None)
    place = Place(mark.line + 1, mark.column + 1) if mark is not None else Place()
    said = str(getattr(error, "problem", None) or error)
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return place, f"not YAML: {said}", "indent with spaces, not with tabs"
    return place, f"not YAML: {said}", "check indentation, quotes and brackets here and in the line before"
