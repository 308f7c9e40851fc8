"""Where the world may interfere: every HTTP request passes a gate before it is handled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class GateVerdict(Protocol):
    """What befalls a request. Several may be set: a delay and then a status, for instance.

    Attributes:
        status: Answer with this HTTP status instead of doing the work; ``body`` and ``retry_after_s`` go with it.
        delay_s: Wait first.
        hang: Never answer; the connection stays open.
        reset: Cut the connection before the work is done.
        drop_reply: Do the work, then cut the connection instead of answering.
        truncate: Do the work, send this many bytes of the answer, then cut.
        auth: Answer as for wrong credentials.
        connect_s: Wait so much longer when the request is the first of its connection.
        answer_s: Tells how long an answer of so many bytes takes to come through.
    """

    @property
    def status(self) -> int | None: ...  # noqa: D102 - told by the class

    @property
    def body(self) -> Any: ...  # noqa: D102 - told by the class

    @property
    def retry_after_s(self) -> float | None: ...  # noqa: D102 - told by the class

    @property
    def delay_s(self) -> float: ...  # noqa: D102 - told by the class

    @property
    def hang(self) -> bool: ...  # noqa: D102 - told by the class

    @property
    def reset(self) -> bool: ...  # noqa: D102 - told by the class

    @property
    def drop_reply(self) -> bool: ...  # noqa: D102 - told by the class

    @property
    def connect_s(self) -> float: ...  # noqa: D102 - told by the class

    @property
    def answer_s(self) -> Callable[[int], float] | None: ...  # noqa: D102 - told by the class

    async def worked(self) -> None: ...  # noqa: D102 - with drop_reply: between the work and the cut

    @property
    def truncate(self) -> int | None: ...  # noqa: D102 - told by the class

    @property
    def auth(self) -> bool: ...  # noqa: D102 - told by the class


class Gate(Protocol):
    """Asked once per request."""

    async def __call__(self, method: str, path: str, mutating: bool, size_bytes: int = 0) -> GateVerdict | None:
        """What befalls a request; None when nothing does.

        Args:
            method: HTTP method.
            path: Path with query.
            mutating: Whether the request asks for a change (a dry run does not).
            size_bytes: Of the body.
        """
