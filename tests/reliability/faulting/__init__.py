"""Random faults by seed: what is drawn, how it befalls a world, and what has to hold afterwards."""
