"""Events on their way out."""

from __future__ import annotations

from federation.events import Event, Letter


def a_letter(event: Event, sequence: int = 7) -> Letter:
    """An event as the outbox hands it to a courier."""
    data = event.data.model_dump_json()
    return Letter(f"id-{sequence}", sequence, event.name, event.federation, event.subject, event.occurred_at, data)
