"""Running submissions so that a cell without a proper result earns nothing.

nbgrader gives a test cell all points when it shows no error and no number. So a cell that never ran
because the kernel had ended, or whose number was suppressed, has to be marked as an error.
"""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_output


def careful_execute() -> type:
    """nbgrader's Execute, in which a kernel that ends leaves the cells after it without points."""
    from nbclient.exceptions import DeadKernelError
    from nbgrader.preprocessors import Execute
    from nbgrader.utils import is_grade, is_solution

    class CarefulExecute(Execute):
        def preprocess(self, nb, resources=None, km=None):
            reason = "it gave no number of points"
            try:
                nb, resources = super().preprocess(nb, resources, km)
            except DeadKernelError:
                self.log.warning("the kernel ended; the cells that follow earn nothing")
                reason = "the kernel ended before this cell was done"
            for cell in nb.cells:
                if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
                    require_points(cell, reason)
            return nb, resources

    return CarefulExecute


def require_points(cell: NotebookNode, reason: str) -> None:
    """Mark a test cell as an error unless it has an error or exactly one number of points."""
    if any(output.output_type == "error" for output in cell.outputs):
        return
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    if len(results) == 1 and _is_between(results[0], float(cell.metadata.nbgrader["points"])):
        return
    cell.outputs = [output for output in cell.outputs if output.output_type != "execute_result"]
    line = f"NoPoints: {reason}"
    cell.outputs.append(new_output("error", ename="NoPoints", evalue=reason, traceback=[line]))


def _is_between(output: NotebookNode, points: float) -> bool:
    try:
        return 0 <= float(output.data["text/plain"]) <= points
    except (KeyError, TypeError, ValueError):
        return False
