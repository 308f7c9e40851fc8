"""Field ownership and the four kinds of patches."""
