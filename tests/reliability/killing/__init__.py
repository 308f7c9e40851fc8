"""The harness that kills: a world in this process, flows in processes that are killed at one request."""
