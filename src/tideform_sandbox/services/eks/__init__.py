"""What EKS has beside clusters and node groups: add-ons, access entries, pod identities, versions. Records only."""
