"""The identity service: tokens and who may have one."""
