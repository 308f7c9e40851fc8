"""``python -m flotilla``."""

from flotilla.main import run

run()
