"""The figures that the README quotes, as ratios measured in one run: ``make bench``."""
