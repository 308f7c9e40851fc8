"""What tries to break the promises: kills, faults, slow links, dead peers, bad input; and the report of it."""
