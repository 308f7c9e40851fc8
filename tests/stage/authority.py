"""Whom clients trust on the stage, where whatever has a certificate is given with its own authority."""

from __future__ import annotations

from pathlib import Path

AUTHORITY = Path(__file__).with_name("authority.pem")
"""For ``SSL_CERT_FILE``: an authority whose key nobody has.

Prefect makes a TLS context for every client, a dozen in a run, and reading the system's authorities takes 30 ms each
time: a third of a run's processor time where nothing is far away.
"""
