"""Bursts on Kubernetes: Kueue lets jobs in, Karpenter brings nodes for them, and both are closed between bursts."""
