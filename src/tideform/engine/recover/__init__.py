"""After a crash: finding what was being made when the engine died, and taking it into the state.

The engine writes an operation down before it begins it. What a crash leaves is therefore at most one pending
operation for each resource in flight. A pending creation may have happened or not: `identify` says under which id it
would stand, the provider reads it back, and its tags say whether it is ours. The provider itself never adopts.
"""

from tideform.engine.recover.recovery import Recovered, recover

__all__ = ["Recovered", "recover"]
