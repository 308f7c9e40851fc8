"""How an add-on is installed; what is installed is data in config/catalogue."""
