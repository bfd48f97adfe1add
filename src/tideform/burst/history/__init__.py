"""What became of a pool's jobs: what backends remember of them, and what the lease table does."""
