"""Events on a real Kafka broker, and the client where there is none."""
