"""What whole stories are played on: one sandbox, one Prefect server and one home for a test session."""
