"""The sandbox's own account of what ran, and what it would have cost."""
