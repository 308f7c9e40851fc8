"""CHARITY's LowLevelOrchestration resources as federations."""
