"""Add-ons: charts of the catalogue, with what we know of them, as Helm releases."""
