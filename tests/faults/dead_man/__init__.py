"""The dead-man table: what is left of a burst whose command line was killed, with one brake alone to end it."""
