"""Where the time of a call goes: what is seen, and what is left over."""

import pytest
import torch

from attention_book import studies
from attention_book.sphinx_ext.benchmark_tables import profiled_row


@pytest.fixture
def profiles(load):
    return load("profiles")


def test_operations_are_counted_where_they_belong(profiles):
    x = torch.randn(200, 200)
    found = profiles.seconds_of_operations(lambda: (x @ x).exp_().clone())
    assert set(found) == {*profiles.OPERATIONS, "other operations"}
    assert found["fused kernel"] == 0
    for part in ("products", "exponentials", "copies and gathers"):
        assert found[part] > 0
    kernel = torch.nn.functional.scaled_dot_product_attention
    query = torch.randn(1, 2, 300, 8)
    found = profiles.seconds_of_operations(lambda: kernel(query, query, query))
    assert max(found, key=found.get) == "fused kernel"


def test_what_no_operation_took_is_python(profiles):
    parts = profiles.shares({"products": 3.0, "exponentials": 1.0}, 8.0)
    assert parts["products"] == 3 / 8
    assert parts["fused kernel"] == 0
    assert parts["Python"] == 0.5
    assert tuple(parts) == profiles.PARTS


def test_parts_that_together_took_longer_fill_the_whole(profiles):
    parts = profiles.shares({"products": 3.0, "exponentials": 1.0}, 2.0)
    assert (parts["products"], parts["exponentials"], parts["Python"]) == (0.75, 0.25, 0)


def test_the_best_time_is_compared_with_what_the_target_allows(profiles, load, monkeypatch):
    machine = load("limits").Limits(flops=100.0, bandwidth=1.0)
    timing = load("paired").Timing({"ours": [5.0], "theirs": [8.0], "products": [2.0]}, 0.0, 1)
    monkeypatch.setattr(profiles, "interleave", lambda ways, **_: timing)
    monkeypatch.setattr(profiles, "seconds_of_operations", lambda way: {"products": 4.0})
    settings = {"rounds": 2}
    case = profiles.Case({}, [None], 0.5, 200.0, 150.0, "why")
    found = profiles.measured(case, machine, settings)
    assert found["useful"] == 0.75
    assert found["at_best"] == pytest.approx(2.0 / 3.0)  # 150 / 100 seconds at best, twice allowed
    assert found["parts"]["products"] == 0.8
    case = case._replace(ways=[None, None], target=4.0)
    assert profiles.measured(case, machine, settings)["at_best"] == 1.0  # 8 / 4 seconds allowed
    case = case._replace(pieces={"products": None}, rest="other operations")
    parts = profiles.measured(case, machine, settings)["parts"]
    assert (parts["products"], parts["other operations"], parts["Python"]) == (0.4, 0.6, 0)


def test_every_stored_profile_belongs_to_a_row_of_its_study():
    stored = studies.load("profiles").record["results"]
    assert len(stored) > 10
    for found in stored:
        profiled_row(found["row"], studies.load(found["row"]["study"]).record)
