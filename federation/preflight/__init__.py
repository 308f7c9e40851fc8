"""What stands in the way of a plan: judged from facts, before anything that creates is carried out. Pure."""
