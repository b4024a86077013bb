"""What every kind of picture answers; a further kind is a subclass and a script in js/.

The class lies in kinds/NAME.py, the script in js/NAME.js, and `explorables/__init__.py` exports
the class: nothing else names it.
"""

from attention_book.explorables.grid import describe, finite_array
from attention_book.explorables.pack import Part

KINDS = {}


class Kind:
    """The description of a picture. Subclasses are frozen dataclasses that judge their options."""

    name = ""  # the stem of the module and of the script
    steps = ()  # of the kinds that are walked through: a first axis "step" is added

    def __init_subclass__(cls):
        cls.name = cls.__module__.rpartition(".")[2]
        KINDS[cls.name] = cls

    def array(self, result, point):
        """The judged result at a grid point as an array of floats."""
        return finite_array(result, describe(point))

    def form(self, result, point):
        """What must be equal at all grid points, apart from the numbers: names and shapes."""
        return None

    def parts(self, arrays, form):
        """How the columns of `arrays` [grid points, numbers] are stored, in their order."""
        return [Part(arrays.shape[1])]

    def options(self, arrays, axes, form):
        """What the script reads besides the numbers, as JSON."""
        raise NotImplementedError

    def check_axes(self, axes):
        """Raise if the picture cannot go with these axes."""

    def place_of(self, guess):
        """Where the number stands that a Guess asks for: series, place, number of places."""
        raise TypeError(f"guess: expected none for a {type(self).__name__}, got {guess!r}")
