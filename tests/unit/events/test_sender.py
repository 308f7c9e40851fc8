"""What Kafka's client refuses at once, before any broker is asked."""

from __future__ import annotations

from contextlib import closing

from clients.kafka.access import KafkaAccess
from clients.kafka.sender import KafkaSender, Patience
from federation.errors import Rejected
from federation.events import ENDED, RunData, run_event
from tests.unit.events.letters import a_letter

MORE_THAN_A_MESSAGE_TAKES = 2_000_000


def test_an_event_that_no_message_can_hold_is_told_and_not_raised() -> None:
    """Whoever delivers goes on; nothing behind it is sent before it."""
    access = KafkaAccess(servers="127.0.0.1:9", topic="events", tls=False)
    large, small = (
        run_event(ENDED, "fed", RunData(run="r", flow="apply", message=each), 5.0)
        for each in ("x" * MORE_THAN_A_MESSAGE_TAKES, "")
    )
    letters = [a_letter(large, 1), a_letter(small, 2)]
    with closing(KafkaSender(access)) as sender:
        sent = sender.send(letters, Patience(0.0))
    assert sent.delivered == ()
    assert isinstance(sent.trouble, Rejected)
    assert "too large" in str(sent.trouble)
