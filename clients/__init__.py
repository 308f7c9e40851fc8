"""The only code that touches a wire; each client turns foreign errors into ours."""
