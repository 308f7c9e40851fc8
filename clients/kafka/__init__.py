"""Kafka: events on their way to a topic, as CloudEvents."""
