"""The sandbox as a process: control, faults, journal, state on disk."""
