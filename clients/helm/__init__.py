"""Helm: releases of charts in a cluster, by the real Helm in a process of its own."""
