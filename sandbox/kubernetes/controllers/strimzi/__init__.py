"""Strimzi: Kafka clusters from custom resources."""
