"""Bars of the deploy-time experiment: one group for each number of nodes, one bar for each distribution."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from federation.experiments.deploy_times import Measure

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 720, 360, 56, 44, 56
_COLOURS = ("#1f5f8f", "#1f8f4e", "#b8741a", "#7a4fa0")
_STEPS = 5


def render_deploy_times(title: str, measured: Sequence[Measure]) -> str:
    """A picture as SVG: the height of a bar is the mean, the line on it one deviation up and down."""
    kinds: list[str] = list(dict.fromkeys(each.setup.distribution for each in measured))
    sizes = sorted({each.setup.nodes for each in measured})
    ceiling = _ceiling(max((each.mean_s + each.deviation_s for each in measured), default=1.0))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif"'
    parts = [
        f'{head} font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 24, title, 'font-size="15" font-weight="bold"'),
        *_scale(ceiling),
        *_groups(measured, kinds, sizes, ceiling),
        *_legend(kinds),
        "</svg>",
    ]
    return "\n".join(parts)


def _ceiling(value: float) -> float:
    """The next round number: 1, 2, 2.5 or 5 times a power of ten for each step of the scale."""
    step = max(value, 0.001) / _STEPS
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= step * 0.9999) * _STEPS


def _y(value: float, ceiling: float) -> float:
    room = _HEIGHT - _TOP - _BOTTOM
    return _HEIGHT - _BOTTOM - room * value / ceiling


def _scale(ceiling: float) -> Iterator[str]:
    for number in range(_STEPS + 1):
        value = ceiling * number / _STEPS
        y = _y(value, ceiling)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - 16}" y2="{y:.1f}" stroke="#d8dde2"/>'
        yield _text(_LEFT - 8, y + 4, f"{value:g} s", 'text-anchor="end" fill="#55606a"')


def _groups(measured: Sequence[Measure], kinds: list[str], sizes: list[int], ceiling: float) -> Iterator[str]:
    group = (_WIDTH - _LEFT - 16) / max(1, len(sizes))
    bar = group * 0.7 / max(1, len(kinds))
    for number, size in enumerate(sizes):
        words = f"{size} node" if size == 1 else f"{size} nodes"
        yield _text(_LEFT + group * (number + 0.5), _HEIGHT - _BOTTOM + 18, words, 'text-anchor="middle"')
    for each in measured:
        x = _LEFT + group * (sizes.index(each.setup.nodes) + 0.15) + bar * kinds.index(each.setup.distribution)
        yield from _bar(each, x, bar, _COLOURS[kinds.index(each.setup.distribution) % len(_COLOURS)], ceiling)


def _bar(measure: Measure, x: float, width: float, colour: str, ceiling: float) -> Iterator[str]:
    middle, top, base = x + width / 2, _y(measure.mean_s, ceiling), _y(0.0, ceiling)
    yield f'<rect x="{x + 2:.1f}" y="{top:.1f}" width="{width - 4:.1f}" height="{base - top:.1f}" fill="{colour}"/>'
    high = _y(measure.mean_s + measure.deviation_s, ceiling)
    low = _y(max(0.0, measure.mean_s - measure.deviation_s), ceiling)
    line = f"M{middle:.1f} {high:.1f}V{low:.1f}M{middle - 5:.1f} {high:.1f}h10M{middle - 5:.1f} {low:.1f}h10"
    yield f'<path d="{line}" stroke="#111111" fill="none"/>'
    words = f"{measure.mean_s:.1f}" if measure.done else "failed"
    yield _text(middle, high - 5, words, 'text-anchor="middle"')


def _legend(kinds: list[str]) -> Iterator[str]:
    for number, kind in enumerate(kinds):
        x = _LEFT + 120 * number
        yield f'<rect x="{x}" y="{_HEIGHT - 22}" width="12" height="12" fill="{_COLOURS[number % len(_COLOURS)]}"/>'
        yield _text(x + 18, _HEIGHT - 12, kind, "")


def _text(x: float, y: float, words: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'
