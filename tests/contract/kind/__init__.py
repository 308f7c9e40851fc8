"""kind: the real program, against no Docker at all, a silent one, and the one that the sandbox plays."""
