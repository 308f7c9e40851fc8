"""A plan as a picture: what waits for what, from top to bottom. For screens that cannot draw Mermaid."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from statistics import fmean

from federation.planning.explain import direct_needs, sign
from federation.planning.plan import Plan, Step

LARGEST = 150
"""Steps beyond which nobody can read a picture."""
_WIDTH, _HEIGHT, _GAP, _DROP = 142, 34, 10, 34
_LETTERS = 25
_COLOUR = {"+": "#1f8f4e", "~": "#2d6cc0", "!": "#b8741a", "-": "#b3363f"}


@dataclass(frozen=True)
class _Box:
    step: Step
    x: float
    y: float


def render_svg(plan: Plan) -> str | None:
    """The plan as SVG, one box a step; None when there is nothing to draw or too much."""
    if not 0 < len(plan) <= LARGEST:
        return None
    rows = _rows(plan)
    width = max(map(len, rows)) * (_WIDTH + _GAP) + _GAP
    boxes = _boxes(plan, rows, width)
    height = len(rows) * (_HEIGHT + _DROP)
    drawn = [_arrow(boxes[wanted], boxes[step.key]) for step in plan for wanted in sorted(direct_needs(plan, step))]
    drawn += [_drawn(box) for box in boxes.values()]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif">'
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="#f6f7f9"/>', *drawn, "</svg>"])


def _rows(plan: Plan) -> list[list[Step]]:
    depth: dict[str, int] = {}
    for step in plan:
        depth[step.key] = max((depth[key] + 1 for key in plan.waits_for(step)), default=0)
    rows: list[list[Step]] = [[] for _ in range(max(depth.values()) + 1)]
    for step in plan:
        rows[depth[step.key]].append(step)
    return rows


def _boxes(plan: Plan, rows: list[list[Step]], width: float) -> dict[str, _Box]:
    """Every row centred, each step as near as can be below those that it waits for."""
    boxes: dict[str, _Box] = {}
    for level, row in enumerate(rows):
        wished = {step.key: fmean(boxes[key].x for key in plan.waits_for(step)) for step in row if level}
        ordered = sorted(row, key=lambda step: (wished.get(step.key, 0.0), step.action.scope, step.key))
        left = (width - len(row) * (_WIDTH + _GAP) + _GAP) / 2
        for index, step in enumerate(ordered):
            boxes[step.key] = _Box(step, left + index * (_WIDTH + _GAP), level * (_HEIGHT + _DROP) + _DROP / 2)
    return boxes


def _drawn(box: _Box) -> str:
    mark = sign(box.step)
    rect = f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" fill="{_COLOUR[mark]}"/>'
    verb = _text(box, 14, f"{mark} {box.step.action.verb}", 'font-size="11" font-weight="bold"')
    return rect + verb + _text(box, 27, box.step.action.target, 'font-size="9.5"')


def _text(box: _Box, down: int, words: str, style: str) -> str:
    short = words if len(words) <= _LETTERS else f"{words[: _LETTERS - 1]}…"
    return f'<text x="{box.x + 6:.0f}" y="{box.y + down:.0f}" fill="white" {style}>{escape(short)}</text>'


def _arrow(above: _Box, below: _Box) -> str:
    x1, y1, x2, y2 = above.x + _WIDTH / 2, above.y + _HEIGHT, below.x + _WIDTH / 2, below.y
    bend = f"C{x1:.0f} {y1 + _DROP / 2:.0f} {x2:.0f} {y2 - _DROP / 2:.0f}"
    return f'<path d="M{x1:.0f} {y1:.0f} {bend} {x2:.0f} {y2:.0f}" fill="none" stroke="#9aa3ad"/>'
