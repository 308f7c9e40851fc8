"""SSH by paramiko: argv commands, pinned host keys, typed probes."""
