"""How clusters are joined: one interconnect per package."""
