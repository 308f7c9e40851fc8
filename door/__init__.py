"""The door for front ends, over HTTP: it keeps what is desired and orders flow runs; it never acts itself."""
