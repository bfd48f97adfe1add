"""Taking what stands into a state that does not know it: by the names, ids and tags that the program would give it.

Nothing in the cloud is made, changed or deleted by it. What is found under its name is read back as after a crash
(`tideform.engine.recover`), and enters the state only where it is ours.
"""

from tideform.engine.adopt.waves import Adoption

__all__ = ["Adoption"]
