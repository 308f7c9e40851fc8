"""How measurements are told: a JSON line for programs on standard output, a readable one for people beside it."""

from __future__ import annotations

import json
import sys


def tell(measurement: str, readable: str, **numbers: object) -> None:
    """Tell one measurement."""
    sys.stderr.write(f"{measurement}: {readable}\n")
    sys.stdout.write(json.dumps({"measurement": measurement, **numbers}) + "\n")
    sys.stdout.flush()
