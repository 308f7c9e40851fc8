"""The controllers of an emulated cluster; they use the same write path as clients."""

from sandbox.kubernetes.controllers.nodes import register_node, set_node_alive
from sandbox.kubernetes.controllers.start import start_all

__all__ = ["register_node", "set_node_alive", "start_all"]
