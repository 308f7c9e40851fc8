"""Alert rules and dashboards, as the programs that use them read them."""
