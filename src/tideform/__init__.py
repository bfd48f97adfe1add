"""tideform: one YAML project spec in, Pulumi stacks out; GPU capacity comes in like a tide and goes out again."""

__version__ = "0.1.0"
