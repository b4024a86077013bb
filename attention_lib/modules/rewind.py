"""A call that fails leaves every cache as it was, whatever it is that failed, and where."""


class Rewound:
    """Inside `with Rewound(*caches)` an error takes the caches back to where they were.

    A cache says by `mark()` where it stands, and `rewind(mark)` brings it back there: after one
    append, or after any number of them with `mark(lasting=True)`. What has no mark is left alone.
    """

    __slots__ = ("_marks",)

    def __init__(self, *caches, **options):
        self._marks = [(one, one.mark(**options)) for one in caches if hasattr(one, "mark")]

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        if error is not None:
            for cache, mark in self._marks:
                cache.rewind(mark)
