"""When Prefect tries a task again: minutes, and only what another try may mend. Seconds are the clients' business."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from federation.errors import RetryableError

RETRIES = 2
RETRY_DELAYS_S = [5.0, 20.0]


def is_retryable(_task: Task[Any, Any], _task_run: TaskRun, state: State[Any]) -> bool:
    """Whether a failed try may be repeated. Reads ``state.data``: ``state.result()`` never raises in async tasks."""
    return isinstance(state.data, RetryableError)
