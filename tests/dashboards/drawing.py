"""A dashboard drawn as a page, from what a real Prometheus answers. Not Grafana: its panels, places and queries."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.dashboards.reading import Board, Panel, Query

Ask = Callable[..., Any]
_CELL_W, _CELL_H = 58, 38
_COLOURS = ("#5794f2", "#73bf69", "#f2cc0c", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#96d98d")
_NAMED = {"green": "#299c46", "red": "#d44a3a", "yellow": "#d9a514"}
_STATE = {1.0: "green", 0.0: "yellow", -1.0: "red"}
_PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title><style>
body{{margin:0;background:#111217;color:#ccccdc;font:12px sans-serif;position:relative;
width:{width}px;height:{height}px}}
h1{{font-size:18px;margin:0;padding:10px 12px;height:20px}}
.p{{position:absolute;background:#181b1f;border:1px solid #2c3235;overflow:hidden;
box-sizing:border-box}}
.t{{padding:5px 8px;font-weight:600;white-space:nowrap}} .l{{font-size:10px;padding:0 8px;white-space:nowrap}}
.l i{{display:inline-block;width:9px;height:3px;margin:0 3px 3px 8px}} .s{{display:flex;gap:2px;height:75%;padding:2px}}
.s div{{flex:1;display:flex;align-items:center;justify-content:center;font-size:26px;font-weight:600;color:#fff}}
td{{padding:3px 10px 3px 8px;border-bottom:1px solid #2c3235}} .n{{text-align:center;padding-top:20px;color:#8e8e99}}
</style><h1>{title}</h1>{body}"""


@dataclass(frozen=True)
class Span:
    """A stretch of time, in Unix seconds, and the step between two values."""

    begin: float
    end: float
    step: float


@dataclass(frozen=True)
class Line:
    """One series with its legend."""

    legend: str
    points: tuple[tuple[float, float], ...]


def draw(board: Board, ask: Ask, span: Span) -> str:
    """The page of a dashboard as HTML."""
    rows = max(panel.place["y"] + panel.place["h"] for panel in board.panels)
    body = "".join(_box(panel, _content(panel, ask, span)) for panel in board.panels)
    size = {"width": 24 * _CELL_W, "height": rows * _CELL_H + 44}
    return _PAGE.format(title=html.escape(board.title), body=body, **size)


def _box(panel: Panel, content: str) -> str:
    place = panel.place
    left, top = place["x"] * _CELL_W, place["y"] * _CELL_H + 40
    style = f"left:{left}px;top:{top}px;width:{place['w'] * _CELL_W - 4}px;height:{place['h'] * _CELL_H - 4}px"
    return f'<div class="p" style="{style}"><div class="t">{html.escape(panel.title)}</div>{content}</div>'


def _content(panel: Panel, ask: Ask, span: Span) -> str:
    if panel.kind in ("stat", "table"):
        found = [
            row for query in panel.queries for row in ask("query", query=query.expression, time=span.end)["result"]
        ]
        return (_stat if panel.kind == "stat" else _table)(panel, found) if found else _NOTHING
    lines = [line for query in panel.queries for line in _lines(query, ask, span)]
    if not lines:
        return _NOTHING
    return _timeline(panel, lines, span) if panel.kind == "state-timeline" else _chart(panel, lines, span)


_NOTHING = '<div class="n">No data</div>'


def _lines(query: Query, ask: Ask, span: Span) -> list[Line]:
    bounds = {"start": span.begin, "end": span.end, "step": span.step}
    return [
        Line(_legend(query, row["metric"]), tuple((at, float(value)) for at, value in row["values"]))
        for row in ask("query_range", query=query.expression, **bounds)["result"]
    ]


def _legend(query: Query, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), query.legend)


def _stat(panel: Panel, found: Sequence[dict[str, Any]]) -> str:
    cells = []
    for row in found[:6]:
        value = float(row["value"][1])
        colour = _NAMED[[name for limit, name in panel.steps if value >= limit][-1]]
        cells.append(f'<div style="background:{colour}">{_number(value, panel.unit)}</div>')
    return f'<div class="s">{"".join(cells)}</div>'


def _table(panel: Panel, found: Sequence[dict[str, Any]]) -> str:
    hidden = {"__name__", "job", "instance", "federation"}
    rows = [
        [*(text for name, text in sorted(row["metric"].items()) if name not in hidden),
         _number(float(row["value"][1]), panel.unit)]
        for row in found[:9]
    ]  # fmt: skip
    cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{each}</tr>' for each in cells)}</table>"


def _timeline(panel: Panel, lines: Sequence[Line], span: Span) -> str:
    width, height = panel.place["w"] * _CELL_W - 20, panel.place["h"] * _CELL_H - 44
    each = min(30.0, height / len(lines))
    left, scale = 190, (width - 190) / (span.end - span.begin)
    drawn = []
    for row, line in enumerate(lines):
        size = min(11.0, each - 1)
        label = html.escape(line.legend[:34])
        drawn.append(
            f'<text x="4" y="{row * each + each * 0.7:.1f}" font-size="{size:.1f}" fill="#ccccdc">{label}</text>'
        )
        for at, value in line.points:
            x, colour = left + (at - span.begin) * scale, _NAMED[_STATE.get(value, "yellow")]
            y = row * each + 1
            box = f'x="{x:.1f}" y="{y:.1f}" width="{span.step * scale + 0.6:.1f}" height="{each - 2:.1f}"'
            drawn.append(f'<rect {box} fill="{colour}"/>')
    return f'<svg width="{width + 8}" height="{height}">{"".join(drawn)}</svg>'


def _chart(panel: Panel, lines: Sequence[Line], span: Span) -> str:
    width, height = panel.place["w"] * _CELL_W - 20, panel.place["h"] * _CELL_H - 66
    values = [value for line in lines for _, value in line.points if value == value]
    low, high = min(0.0, *values, 0.0), max(values, default=1.0) or 1.0
    left, scale_x, scale_y = 52, (width - 60) / (span.end - span.begin), (height - 14) / (high - low)
    drawn = []
    for part in (0.0, 0.5, 1.0):
        y, text = height - 8 - part * (height - 14), _number(low + part * (high - low), panel.unit)
        drawn.append(f'<line x1="{left}" x2="{width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#2c3235"/>')
        drawn.append(f'<text x="2" y="{y + 4:.1f}" font-size="10" fill="#8e8e99">{text}</text>')
    for number, line in enumerate(lines):
        points = " ".join(
            f"{left + (at - span.begin) * scale_x:.1f},{height - 8 - (value - low) * scale_y:.1f}"
            for at, value in line.points
            if value == value
        )
        colour = _COLOURS[number % len(_COLOURS)]
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
    legends = "".join(
        f'<i style="background:{_COLOURS[number % len(_COLOURS)]}"></i>{html.escape(line.legend)}'
        for number, line in enumerate(lines[:8])
    )
    return f'<svg width="{width + 8}" height="{height}">{"".join(drawn)}</svg><div class="l">{legends}</div>'


def _number(value: float, unit: str) -> str:
    if unit == "s":
        for limit, divisor, name in ((60.0, 1.0, "s"), (3600.0, 60.0, "min"), (float("inf"), 3600.0, "h")):
            if abs(value) < limit:
                return f"{value / divisor:.3g} {name}"
    if unit == "Bps":
        return f"{value / 1000:.3g} kB/s"
    return f"{value:.4g}"
