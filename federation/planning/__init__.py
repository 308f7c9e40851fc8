"""From desired and observed to a plan of typed actions, and the guards that admit it."""
