"""What ends capacity without this program's help: it runs as a function in the account, and imports boto3 alone.

The command line ends capacity through the same `endings`, so that there is one way down and it is tested by both.
"""
