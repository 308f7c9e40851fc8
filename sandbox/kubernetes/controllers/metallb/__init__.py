"""MetalLB: load balancer addresses from pools."""
