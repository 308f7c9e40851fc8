"""Commands and files on machines, over SSH with pinned host keys."""
