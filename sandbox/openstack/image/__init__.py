"""The image service: what servers boot from."""
