"""What is there, asked of each service and never of a state file.

What programs make is asked for as `tideform.resources` says; here stand the questions about the rest, a module per
service area. A module offers ``AREAS``: each an `Area` with one question to one service. To add one, write it, and list
its module in `tideform.burst.inventory.areas`.
"""
