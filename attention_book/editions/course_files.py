"""What a new course folder holds from the start."""

CONFIG_NAME = "nbgrader_config.py"
CONFIG = '''\
"""How nbgrader works in this course. Yours to change: it is written only once."""

import os

from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute

from attention_book.editions.assignments import ANSWER, STUB
from attention_book.editions.careful import careful_execute
from attention_book.pipeline.environment import chapter_environment

os.environ.update(chapter_environment())  # one thread, and nobody's progress is kept

c = get_config()
c.CourseDirectory.course_id = "attention"
c.ClearSolutions.code_stub = {"python": STUB}
c.ClearSolutions.text_stub = ANSWER
c.OverwriteCells.add_missing_cells = True
# Seconds for a cell. A check stops a function that does not return before that.
c.Execute.timeout = 150
# Patience with a machine that has much to do.
c.Execute.startup_timeout = 300
c.Execute.iopub_timeout = 60
# Without this a test cell that never ran would earn all of its points.
c.Autograde.autograde_preprocessors = [
    careful_execute() if step is Execute else step
    for step in Autograde.class_traits()["autograde_preprocessors"].default()
]
'''
README = """\
# A course for nbgrader

- `source/`: the assignments with solutions and hidden tests. Not for students.
- `release/`: what to hand out, a folder for each page.
- `submitted/STUDENT/PAGE/PAGE.ipynb`: put here what comes back.

Then run `make grades` in the folder of the book. It runs every submission, writes a page of
feedback for each student into `feedback/`, and writes `grades.csv` (a row a submission) and
`grades_by_exercise.csv`. Answers in words wait for you: `make formgrader` opens the pages on which
you grade them; then run `make grades` again for the points. Every command of nbgrader works here
too.

Grading runs the students' code with your rights. Do it in a container, or under an account that
has nothing to lose. A student's code runs in the same process as the tests: nbgrader puts the tests
back before they run, but code that is written to deceive them can. Read what looks strange.
"""
