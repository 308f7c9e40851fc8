"""The registry on every database that it runs on."""
