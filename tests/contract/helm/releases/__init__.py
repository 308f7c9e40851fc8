"""Releases observed: each way to run Helm, against the sandbox's API and a real one."""
