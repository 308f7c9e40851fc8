"""What a probe asks, in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def asked(probe: Mapping[str, Any]) -> str:
    """The question of a probe as a pod has it, such as ``http :8080/ready``."""
    if "httpGet" in probe:
        get = probe["httpGet"]
        return f"{str(get.get('scheme', 'http')).lower()} :{get.get('port')}{get.get('path', '/')}"
    if "tcpSocket" in probe:
        return f"tcp :{probe['tcpSocket'].get('port')}"
    if "grpc" in probe:
        return f"grpc :{probe['grpc'].get('port')}"
    return f"exec {' '.join((probe.get('exec') or {}).get('command') or ())}"[:40]
