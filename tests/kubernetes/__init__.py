"""A real Kubernetes control plane on loopback, and what the product does to it."""
