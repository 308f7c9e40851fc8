"""An event as a CloudEvent in Kafka's structured mode: the value is the whole event, whatever becomes of the headers.

Source: CloudEvents 1.0.2, its Kafka protocol binding, and its extensions for partitioning and sequence.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from cloudevents.core.bindings.kafka import KafkaMessage, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from federation.events import KINDS, SCHEMA_ID, TYPE_PREFIX, Letter


def render_message(letter: Letter) -> KafkaMessage:
    """The message for an event; its key is the object, so that all about one object stays in order."""
    attributes = {
        "id": letter.id,
        "source": f"/flotilla/federations/{letter.federation}" if letter.federation else "/flotilla",
        "type": f"{TYPE_PREFIX}{letter.name}",
        "subject": letter.subject,
        "time": datetime.fromtimestamp(letter.occurred_at, UTC),
        "datacontenttype": "application/json",
        "dataschema": f"{SCHEMA_ID}#/$defs/{KINDS[letter.name].__name__}",
        "partitionkey": letter.subject,
        "sequence": f"{letter.sequence:020d}",
    }
    return to_structured(CloudEvent(attributes, json.loads(letter.data)), JSONFormat())
