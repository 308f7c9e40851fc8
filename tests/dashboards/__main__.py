"""``python -m tests.dashboards URL FOLDER [LABEL=VALUE…]``: draws every dashboard from a Prometheus, as HTML pages."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.dashboards.drawing import Span, draw
from tests.dashboards.reading import BOARDS, read_board

MINUTES = 12.0
POINTS = 180


def main() -> int:
    """Write one page for each dashboard."""
    url, folder, *labels = sys.argv[1:]
    variables = dict(label.split("=", 1) for label in labels)

    def ask(what: str, **parameters: Any) -> Any:
        answer = httpx.get(f"{url}/api/v1/{what}", params=parameters, timeout=30.0, trust_env=False)
        return answer.raise_for_status().json()["data"]

    end = time.time()
    span = Span(end - MINUTES * 60, end, MINUTES * 60 / POINTS)
    for file in BOARDS:
        page = Path(folder) / f"{file.stem}.html"
        page.write_text(draw(read_board(file, variables), ask, span))
        print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
