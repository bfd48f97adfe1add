"""SSM Run Command in the sandbox: commands run for real, as processes of this machine that die with their instance.

`operations` (the API) → `plane` (one a region) → `command` (a command and its invocations). moto keeps the rest of SSM.
"""
