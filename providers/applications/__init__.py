"""Applications over the clusters: plain Kubernetes objects in the home cluster, offloaded by Liqo to the others."""
