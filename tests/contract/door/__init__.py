"""The door behind a real socket, over a real registry."""
