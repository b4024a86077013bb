"""Where this process looks for packages and programs is put back, for nbgrader changes it."""

import os
import sys

import pytest


@pytest.fixture(autouse=True, scope="module")
def _put_back():
    paths, environment = list(sys.path), dict(os.environ)
    yield
    sys.path[:] = paths
    os.environ.clear()
    os.environ.update(environment)
