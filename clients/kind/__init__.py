"""The programs ``kind`` and ``docker``: clusters whose nodes are containers of this machine."""
