"""A Docker engine on this machine as the program ``docker`` shows it, as far as kind uses it."""
