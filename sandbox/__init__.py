"""An emulated world behind real sockets. Imports none of the product rooms."""
