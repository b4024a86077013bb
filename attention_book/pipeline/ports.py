"""Ports of this machine: a free one, or an error that says how to get one."""

from __future__ import annotations

import socket

from .errors import PipelineError

HOST = "127.0.0.1"
LAST = 65535


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(wanted: int | None, usual: int) -> int:
    """The port that was asked for; without a wish the usual one, or any free one where it is taken.

    Raises PipelineError if the port that was asked for is no port, may not be used or is taken.
    """
    if wanted is None:
        return usual if is_free(usual) else _any_free()
    if not 1 <= wanted <= LAST:
        problem = f"expected a number from 1 to {LAST}, got {wanted}"
        raise PipelineError("--port", problem, "leave --port out, and a free one is taken")
    if not is_free(wanted):
        raise PipelineError(
            "--port",
            f"port {wanted} of {HOST} is taken by another program, or may not be used by you",
            f"stop that program, or use another port, such as --port {_any_free()}",
        )
    return wanted


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
