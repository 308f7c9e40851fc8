"""How machines become nodes: one module per distribution, over SSH, and the network plugin."""
