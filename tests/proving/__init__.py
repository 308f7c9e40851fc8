"""Real servers on this machine, for contract tests that run against them and the sandbox alike."""
