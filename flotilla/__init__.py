"""The command line: the top of the house."""
