"""Liqo v1.2: peerings made, watched and taken apart by API objects alone, without its command line.

Source: docs.liqo.io, "Advanced: peering, networking, authentication, offloading"; the source of Liqo v1.2.0.
"""
