"""The end of a process at a chosen write."""

from __future__ import annotations

import os
from typing import Any

import pytest

from clients.kubernetes.transport import Call, Transport

STRIDE = 1 if os.environ.get("EVERY_KILL_POINT") else 5
"""Distance of the writes at which lives are cut; every single one takes minutes."""


class Killed(BaseException):
    """The process is gone: nothing may catch this."""


class Executioner:
    """Kills before or after a given write, counted over all clients."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.countdown, self.after = -1, False
        original = Transport.send_once

        def send_once(transport: Transport, call: Call) -> Any:
            if call.method == "GET":
                return original(transport, call)
            self.countdown -= 1
            if self.countdown == 0 and not self.after:
                raise Killed
            answer = original(transport, call)
            if self.countdown == 0:
                raise Killed
            return answer

        monkeypatch.setattr(Transport, "send_once", send_once)

    def arm(self, number: int, *, after: bool) -> None:
        """Kill at the write of that number, from now on."""
        self.countdown, self.after = number, after
