"""What is seen: observations, conditions and status."""
