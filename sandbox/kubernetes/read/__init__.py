"""Lists, watches and the documents that describe the API."""
