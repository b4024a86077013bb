"""Where, when and with what a calibration was measured."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

import numpy
import torch

import attention_lib

from ..machine import conditions, processor

SAME = ("processor", "cores", "threads", "torch", "library")  # else times do not carry over


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Machine, date and versions.

    Attributes:
        processor: its name, as the system tells it.
        cores: that the system has.
        threads: that torch used.
        date: YYYY-MM-DD, in universal time.
        python, torch, numpy, library: versions; library is attention_lib's.
    """

    processor: str
    cores: int
    threads: int
    date: str
    python: str
    torch: str
    numpy: str
    library: str

    @classmethod
    def here(cls):
        """This machine, now."""
        return cls(
            processor=processor(),
            cores=os.cpu_count() or 1,
            threads=torch.get_num_threads(),
            date=datetime.now(UTC).strftime("%Y-%m-%d"),
            python=platform.python_version(),
            torch=str(torch.__version__),
            numpy=numpy.__version__,
            library=attention_lib.__version__,
        )

    @classmethod
    def from_json(cls, record):
        """From what `as_json` wrote.

        Raises:
            ValueError: an entry is missing, unknown or of another kind.
        """
        kinds = {one.name: {"str": str, "int": int}[one.type] for one in fields(cls)}
        if not isinstance(record, dict) or set(record) != set(kinds):
            raise ValueError(f"origin must have the entries {', '.join(kinds)}, got {record!r}")
        for name, kind in kinds.items():
            if type(record[name]) is not kind:
                raise ValueError(f"origin.{name} must be of {kind}, got {record[name]!r}")
        return cls(**record)

    def as_json(self):
        return asdict(self)

    def differences(self, other):
        """What makes times of one useless for the other, in words; "" where nothing does.

        >>> here = Origin.here()
        >>> here.differences(here)
        ''
        """
        return "; ".join(
            f"{name} {getattr(self, name)} instead of {getattr(other, name)}"
            for name in SAME
            if getattr(self, name) != getattr(other, name)
        )

    def __str__(self):
        return conditions(
            date=self.date,
            cpu=self.processor,
            cores=self.cores,
            threads=self.threads,
            versions={"python": self.python, "torch": self.torch, "numpy": self.numpy},
        )
