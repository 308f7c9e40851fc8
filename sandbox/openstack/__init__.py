"""OpenStack as openstacksdk sees it: identity, compute, network, image."""
