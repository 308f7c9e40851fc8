"""The catalogue: add-ons, chart repositories and distributions as data."""
