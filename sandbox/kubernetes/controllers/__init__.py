"""The controllers of an emulated cluster; they use the same write path as clients."""
