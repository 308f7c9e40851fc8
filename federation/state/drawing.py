"""What runs where, as a picture: clusters, what joins them, and the pods of applications as they were last seen.

Everything is drawn from a status, which is computed from what was observed; nothing is drawn from the spec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape

from federation.state.status import FederationStatus, ObjectStatus

_WIDTH, _GAP, _HEAD, _ROW, _PAD = 236, 72, 40, 26, 10
_COLUMNS, _TOP = 4, 46
_LETTERS = 23
_COLOUR = {"True": "#1f8f4e", "False": "#b3363f", "Unknown": "#7a838c"}
_PARTLY = "#b8741a"
_NOWHERE = "no pods seen"


@dataclass(frozen=True)
class Chip:
    """The pods of one component on one cluster. ``state`` is True, False or Unknown, as in conditions."""

    application: str
    component: str
    ready: int
    pods: int
    state: str
    public: bool = False

    @property
    def label(self) -> str:
        """The component, and how many of its pods serve."""
        return f"{self.component} {self.ready}/{self.pods}" if self.pods else self.component

    @property
    def colour(self) -> str:
        """Green when all is well, amber when some of the pods here serve or others are wanted, else as the state."""
        if self.state == "True":
            return _COLOUR["True"]
        return _PARTLY if self.ready else _COLOUR[self.state]


def placed(status: FederationStatus) -> dict[str, list[Chip]]:
    """Chips by cluster, applications one after the other; what has no pods anywhere comes last."""
    found: dict[str, list[Chip]] = {each.name: [] for each in _of_kind(status, "Cluster")}
    for application in _of_kind(status, "Application"):
        for component in application.parts:
            for cluster, chip in _chips(application.name, component):
                found.setdefault(cluster, []).append(chip)
    return found


def _chips(application: str, component: ObjectStatus) -> Iterator[tuple[str, Chip]]:
    state, public = component.summary.status, component.facts.get("reach") == "public"
    for cluster, tally in component.running.items():
        yield cluster, Chip(application, component.name, tally.ready, tally.pods, state, public)
    if not component.running:
        yield _NOWHERE, Chip(application, component.name, 0, 0, state, public)


def _of_kind(status: FederationStatus, kind: str) -> list[ObjectStatus]:
    return [part for part in status.root.parts if part.kind == kind]


def _homes(status: FederationStatus) -> dict[str, list[str]]:
    homes: dict[str, list[str]] = {}
    for application in _of_kind(status, "Application"):
        homes.setdefault(application.facts.get("home", ""), []).append(application.name)
    return homes


def _joins(status: FederationStatus) -> dict[tuple[str, str], dict[str, str]]:
    """Pairs of clusters with the state of each direction between them, such as ``a->b``."""
    pairs: dict[tuple[str, str], dict[str, str]] = {}
    for peering in _of_kind(status, "Peering"):
        consumer, _, provider = peering.name.partition("->")
        first, second = sorted((consumer, provider))
        pairs.setdefault((first, second), {})[peering.name] = peering.summary.status
    return pairs


def render_map_text(status: FederationStatus) -> str:
    """For terminals: a cluster, and under it what runs there."""
    lines = [f"{status.federation}: what runs where"]
    homes = _homes(status)
    for cluster, chips in placed(status).items():
        at_home = homes.get(cluster)
        lines.append(f"{cluster}" + (f" (home of {', '.join(at_home)})" if at_home else ""))
        lines += [f"  {each.application}/{each.label}" + (" public" if each.public else "") for each in chips]
    for names in _joins(status).values():
        lines += [f"{name} {'is ready' if state == 'True' else 'is not ready'}" for name, state in names.items()]
    return "\n".join(lines)


def render_map_mermaid(status: FederationStatus) -> str:
    """As a Mermaid flowchart: a subgraph for each cluster, a line for each peering."""
    lines = ["flowchart LR"]
    clusters = placed(status)
    ids = {cluster: f"c{index}" for index, cluster in enumerate(clusters)}
    for cluster, chips in clusters.items():
        lines.append(f'  subgraph {ids[cluster]}["{escape(cluster)}"]')
        for index, chip in enumerate(chips):
            style = {"True": "ok", "False": "bad"}.get(chip.state, "unknown")
            label = escape(f"{chip.application}/{chip.label}")
            lines.append(f'    {ids[cluster]}p{index}["{label}"]:::{style}')
        lines.append("  end")
    for (first, second), names in _joins(status).items():
        if first in ids and second in ids:
            line = "--" if set(names.values()) == {"True"} else "-.-"
            arrow = f"<{line}>" if len(names) == 2 else f"{line}>"
            ends = (first, second) if len(names) == 2 else tuple(next(iter(names)).split("->"))
            lines.append(f"  {ids[ends[0]]} {arrow} {ids[ends[1]]}")
    lines += [f"  classDef {name} fill:{_COLOUR[state]},color:#fff" for name, state in _CLASSES.items()]
    return "\n".join(lines)


_CLASSES = {"ok": "True", "bad": "False", "unknown": "Unknown"}


def render_map_svg(status: FederationStatus) -> str:
    """As SVG: a box for each cluster, its components in it, a line for each pair of peered clusters."""
    clusters = placed(status)
    rows = [list(clusters)[index : index + _COLUMNS] for index in range(0, len(clusters), _COLUMNS)]
    boxes: dict[str, _Box] = {}
    top = _TOP
    for row in rows:
        tallest = max(_height(clusters[cluster]) for cluster in row)
        for index, cluster in enumerate(row):
            boxes[cluster] = _Box(_PAD * 2 + index * (_WIDTH + _GAP), top, tallest)
        top += tallest + _GAP
    width = _PAD * 4 + min(len(clusters), _COLUMNS) * (_WIDTH + _GAP) - _GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top - _GAP + _PAD * 2}"'
    drawn = [
        _join(boxes[first], boxes[second], names, (first, second))
        for (first, second), names in _joins(status).items()
        if first in boxes and second in boxes
    ]
    homes = _homes(status)
    for cluster, chips in clusters.items():
        drawn += _cluster(boxes[cluster], cluster, chips, homes.get(cluster, []))
    arrows = f"<defs>{''.join(_arrow_head(name, colour) for name, colour in _COLOUR.items())}</defs>"
    ground = '<rect width="100%" height="100%" fill="#f6f7f9"/>'
    return "\n".join([f'{head} font-family="sans-serif">', arrows, ground, *drawn, "</svg>"])


@dataclass(frozen=True)
class _Box:
    x: int
    y: int
    height: int


def _height(chips: list[Chip]) -> int:
    return _HEAD + _PAD + _ROW * (len(chips) + len({chip.application for chip in chips}))


def _cluster(box: _Box, name: str, chips: list[Chip], homes: list[str]) -> Iterator[str]:
    dash = ' stroke-dasharray="5 4"' if name == _NOWHERE else ""
    yield _rect(box.x, box.y, _WIDTH, box.height, f'rx="8" fill="#ffffff" stroke="#9aa3ad"{dash}')
    yield _text(box.x + _PAD, box.y + 18, name, 'font-size="14" font-weight="bold" fill="#222b33"')
    if homes:
        yield _text(box.x + _PAD, box.y + 33, f"home of {', '.join(homes)}", 'font-size="10" fill="#5b6670"', 38)
    y, shown = box.y + _HEAD, ""
    for chip in chips:
        if chip.application != shown:
            shown = chip.application
            yield _text(box.x + _PAD, y + 17, shown, 'font-size="11" font-style="italic" fill="#5b6670"')
            y += _ROW
        yield _rect(box.x + _PAD, y, _WIDTH - 2 * _PAD, _ROW - 4, f'rx="4" fill="{chip.colour}"')
        yield _text(box.x + 2 * _PAD, y + 15, chip.component, 'font-size="11" fill="white"')
        more = (f"{chip.ready}/{chip.pods}" if chip.pods else "no pods") + (" public" if chip.public else "")
        yield _text(box.x + _WIDTH - 2 * _PAD, y + 15, more, 'font-size="10" fill="white" text-anchor="end"')
        y += _ROW


def _join(first: _Box, second: _Box, names: dict[str, str], pair: tuple[str, str]) -> str:
    """A line over the boxes, or between rows; an arrow at every provider."""
    states = set(names.values())
    state = "True" if states == {"True"} else "False" if "False" in states else "Unknown"
    path = _arc(first, second) if first.y == second.y else _straight(first, second)
    one, other = f"{pair[0]}->{pair[1]}", f"{pair[1]}->{pair[0]}"
    ends = f' marker-end="url(#{state})"' if one in names else ""
    ends += f' marker-start="url(#{state})"' if other in names else ""
    title = escape(", ".join(f"{name} {'ready' if each == 'True' else 'not ready'}" for name, each in names.items()))
    style = f'fill="none" stroke="{_COLOUR[state]}" stroke-width="2"'
    return f'<path d="{path}" {style}{ends}><title>{title}</title></path>'


def _arc(first: _Box, second: _Box) -> str:
    side = 1 if second.x > first.x else -1
    span = abs(second.x - first.x) // (_WIDTH + _GAP)
    start, end = first.x + _WIDTH // 2 + side * 30, second.x + _WIDTH // 2 - side * 30 * span
    return f"M{start} {first.y} Q{(start + end) // 2} {first.y - 20 * (span + 1)} {end} {second.y}"


def _straight(first: _Box, second: _Box) -> str:
    upper, lower = sorted((first, second), key=lambda box: box.y)
    points = {upper: (upper.x + _WIDTH // 2, upper.y + upper.height), lower: (lower.x + _WIDTH // 2, lower.y)}
    (x1, y1), (x2, y2) = points[first], points[second]
    return f"M{x1} {y1} L{x2} {y2}"


def _arrow_head(name: str, colour: str) -> str:
    size = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"'
    return f'<marker id="{name}" {size}><path d="M0 0 L8 4 L0 8 z" fill="{colour}"/></marker>'


def _rect(x: int, y: int, width: int, height: int, style: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" {style}/>'


def _text(x: int, y: int, words: str, style: str, letters: int = _LETTERS) -> str:
    short = words if len(words) <= letters else f"{words[: letters - 1]}…"
    return f'<text x="{x}" y="{y}" {style}>{escape(short)}</text>'


MAPS: Mapping[str, Callable[[FederationStatus], str]] = {
    "text": render_map_text,
    "mermaid": render_map_mermaid,
    "svg": render_map_svg,
}
"""Every form of the picture."""
