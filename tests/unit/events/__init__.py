"""Events: their shapes, their envelope, and who tells and delivers them."""
