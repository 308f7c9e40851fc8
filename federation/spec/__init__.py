"""The spec: what a user may ask for, as pydantic models, with loading and validation."""
