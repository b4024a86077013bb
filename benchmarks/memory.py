"""How much memory a computation needs at once, beside its inputs.

The profiler of torch writes down every block that torch's allocator gives out and takes back; the
peak of their sum is exact and the same in each run. Not in it: what the library that multiplies
matrices allocates by itself (its packed panels, of the size of a cache).
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from torch.profiler import ProfilerActivity, profile


def peak_bytes(way):
    """The most bytes that way() holds at once, its result among them."""
    with silent(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        result = way()  # kept until the profiler stops
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        recorded.export_chrome_trace(str(path))
        events = json.loads(path.read_text())["traceEvents"]
    del result
    blocks = [event for event in events if event.get("name") == "[memory]"]
    held, most = 0, 0
    for event in sorted(blocks, key=lambda event: event["ts"]):
        held += event["args"]["Bytes"]
        most = max(most, held)
    return most


@contextmanager
def silent():
    """Nothing goes to the standard error: some versions of the profiler say when they start."""
    with open(os.devnull, "w") as nowhere:
        kept = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
