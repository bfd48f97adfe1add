"""The capacity market: what can be launched where, how fast it starts, what is taken back, and what it costs.

One `Market` for every launch of the sandbox, whatever service asks; tests and the command line script it.
"""
