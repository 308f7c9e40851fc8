"""The life of every add-on of the catalogue, in the sandbox and on a real API server, and docs/addons.md from it."""
