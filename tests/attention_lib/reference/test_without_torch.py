"""The NumPy part works on a machine that has neither torch nor matplotlib."""

import subprocess
import sys

CODE = """
import sys
for name in ("torch", "matplotlib", "ipywidgets", "anywidget", "tqdm"):
    sys.modules[name] = None  # importing it raises ImportError
import numpy as np
import attention_lib
from attention_lib import checks, reference
from attention_lib.data import toy
one = np.ones((1, 2))
assert attention_lib.reference.attention(one, one, one).tolist() == [[1.0, 1.0]]
assert toy.copy_task(1, min_length=1, max_length=1, vocabulary=1, seed=0).source.tolist() == [[4]]
try:
    attention_lib.functional
except ImportError:
    print("ok")
"""


def test_numpy_alone_is_enough():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("ok\n", "")
