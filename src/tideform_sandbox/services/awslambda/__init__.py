"""Lambda functions that really run: a child process an invocation, in the sandbox's time and without its keys to us."""
