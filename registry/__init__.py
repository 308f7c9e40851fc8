"""What was asked for, what was intended, who may write, what was last seen. Losing it loses history, never control."""
