"""OpenStack as openstacksdk sees it, over real sockets."""
