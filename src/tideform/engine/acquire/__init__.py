"""Getting the Pulumi engine: found, downloaded, or built, whichever works first.

The engine is a Go program of 112 MB that no Python package carries. `find_engine` looks, `acquire` looks
and, if it has to, gets it. Nothing here runs or imports Pulumi at import time.
"""

from tideform.engine.acquire.find import ENGINE_VERSION, Found, find_engine
from tideform.engine.acquire.install import acquire, engine_path

__all__ = ["ENGINE_VERSION", "Found", "acquire", "engine_path", "find_engine"]
