"""What a run is, measured and left behind: the database and the files.

`runs`, `metrics`, `arrays`, `requests` and `supervisors` hold the calls, one subject each; all take
the `Store` that `open_store` gives.
"""

from dlkit.store.opening import Store, open_store
from dlkit.store.runs import Fenced
from dlkit.store.settings import Settings

__all__ = ["Fenced", "Settings", "Store", "open_store"]
