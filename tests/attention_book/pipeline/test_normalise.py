"""The stored form of a notebook follows from its content alone."""

import copy
import json

import pytest
from nbformat import v4

from attention_book.pipeline.normalise import (
    STATE,
    VIEW,
    UnexpectedStderrError,
    normalise,
    without_progress,
)


def model(name, **state):
    return {"model_name": name, "model_module": "m", "model_module_version": "2", "state": state}


def widget_notebook(box, first, second, layout, link, unused, loose_link):
    """A box of two sliders that are linked, a model that nothing shows, and a link to it."""
    view = v4.new_output("display_data", {VIEW: {"model_id": box}, "text/plain": "VBox()"})
    cells = [v4.new_code_cell("box", outputs=[view], execution_count=1)]
    state = {
        loose_link: model(
            "LinkModel", source=[f"IPY_MODEL_{first}", "value"], target=[f"IPY_MODEL_{unused}", "v"]
        ),
        link: model(
            "LinkModel", source=[f"IPY_MODEL_{first}", "value"], target=[f"IPY_MODEL_{second}", "v"]
        ),
        unused: model("IntTextModel", value=None),
        second: model("ViewModel", value=None),
        first: model("IntSliderModel", layout=f"IPY_MODEL_{layout}", value=2),
        layout: model("LayoutModel", width="50%", height=None),
        box: model("VBoxModel", children=[f"IPY_MODEL_{first}", f"IPY_MODEL_{second}"]),
    }
    widgets = {STATE: {"state": state, "version_major": 2, "version_minor": 0}}
    return v4.new_notebook(cells=cells, metadata={"widgets": widgets})


def ids(seed):
    return [f"{seed * 1000 + index:032x}" for index in range(1, 8)]


def test_widget_ids_are_counted_in_the_order_of_the_page():
    stored = normalise(widget_notebook(*ids(7)), {})
    state = stored.metadata.widgets[STATE]["state"]
    names = {int(key, 16): entry["model_name"] for key, entry in state.items()}
    assert names == {
        1: "VBoxModel",
        2: "IntSliderModel",
        3: "LayoutModel",
        4: "ViewModel",
        5: "LinkModel",
    }
    assert stored.cells[0].outputs[0].data[VIEW]["model_id"] == f"{1:032x}"
    assert state[f"{1:032x}"]["state"]["children"] == [f"IPY_MODEL_{n:032x}" for n in (2, 4)]
    assert state[f"{5:032x}"]["state"]["target"] == [f"IPY_MODEL_{4:032x}", "v"]


def test_two_runs_with_other_ids_are_stored_alike():
    assert normalise(widget_notebook(*ids(7)), {}) == normalise(widget_notebook(*ids(1234)), {})


def test_state_that_the_page_does_not_need_is_dropped():
    text = json.dumps(normalise(widget_notebook(*ids(7)), {}))
    assert "IntTextModel" not in text
    state = json.loads(text)["metadata"]["widgets"][STATE]["state"]
    assert state[f"{3:032x}"]["state"] == {"width": "50%"}
    assert state[f"{4:032x}"]["state"] == {"value": None}


def test_without_widgets_there_is_no_widget_state():
    assert "widgets" not in normalise(v4.new_notebook(cells=[v4.new_code_cell("1")]), {}).metadata


def test_times_versions_and_random_cell_ids_are_gone():
    first = v4.new_notebook(cells=[v4.new_code_cell("a"), v4.new_code_cell("a")])
    second = copy.deepcopy(first)
    for number, notebook in enumerate((first, second)):
        notebook.metadata["language_info"] = {"name": "python", "version": f"3.11.{number}"}
        notebook.metadata["jupytext"] = {"formats": "ipynb,md:myst"}
        for cell in notebook.cells:
            cell.id = f"random-{number}-{id(cell)}"
            cell.metadata["execution"] = {"iopub.execute_input": f"2026-01-0{number + 1}"}
    stored = normalise(first, {"mark": 1})
    assert stored == normalise(second, {"mark": 1})
    assert set(stored.metadata) == {"kernelspec", "language_info", "mark"}
    assert len({cell.id for cell in stored.cells}) == 2


def test_a_new_cell_keeps_the_ids_of_the_others():
    cells = [v4.new_markdown_cell(text) for text in ("one", "two", "three")]
    few = normalise(v4.new_notebook(cells=cells[::2]), {})
    many = normalise(v4.new_notebook(cells=cells), {})
    assert [cell.id for cell in few.cells] == [many.cells[0].id, many.cells[2].id]


def stream(name, text):
    return v4.new_output("stream", name=name, text=text)


def test_pieces_of_a_stream_are_joined_and_progress_bars_dropped():
    bar = "\rfit:   0%|          | 0/4 [00:00<?, ?it/s]"
    outputs = [stream("stdout", "a\n"), stream("stderr", bar), stream("stdout", "b\n")]
    notebook = v4.new_notebook(cells=[v4.new_code_cell("fit()", outputs=outputs)])
    stored = normalise(notebook, {}).cells[0].outputs
    assert [(o.name, o.text) for o in stored] == [("stdout", "a\nb\n")]


def test_any_other_text_on_stderr_is_an_error():
    outputs = [stream("stderr", "<ipython-input>:1: RuntimeWarning: divide by zero\n  1 / x\n")]
    cells = [v4.new_markdown_cell("text"), v4.new_code_cell("1 / x", outputs=outputs)]
    with pytest.raises(UnexpectedStderrError, match="divide by zero") as caught:
        normalise(v4.new_notebook(cells=cells), {})
    assert caught.value.index == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r  0%|          | 0/3 [00:00<?, ?it/s]\r100%|███| 3/3 [00:00<00:00, 4.56k?it/s]\n",
        "\rfit:  40%|████      | 4/10 [00:01<00:02,  3.1it/s, loss=0.2]\x1b[A\n",
        "12it [00:00, 90.01it/s]\n",
    ],
)
def test_progress_bars_leave_nothing(text):
    assert without_progress(text) == ""


@pytest.mark.parametrize("text", ["50% of the rows are empty", "UserWarning: 3it", "Traceback"])
def test_texts_that_only_resemble_a_progress_bar_stay(text):
    assert without_progress(f"\r{text}\n") == text
