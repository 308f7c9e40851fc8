"""What is particular to built-in kinds: defaults, checks, immutable fields, addresses; mostly data."""
