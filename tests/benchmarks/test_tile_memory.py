"""What the page on traffic says of measured memory is what was stored, and what is counted."""

import pytest

from attention_book import studies
from attention_lib import cost

WIDE = {"d_key": 64, "n_heads": 8}
INPUTS = 3 * 8 * 64 * 4  # bytes of query, key and value, for each token


@pytest.fixture(scope="module")
def peak():
    stored = studies.load("tile_memory")
    return lambda way, which, n: stored.values("bytes", way=way, length=n, **{"pass": which})[0]


@pytest.mark.parametrize("which", ["forward", "training"])
def test_plain_memory_grows_with_the_square_and_the_other_forms_with_the_length(peak, which):
    growth = {way: peak(way, which, 4096) / peak(way, which, 1024) for way in ("plain", "tiled")}
    assert 15 < growth["plain"] < 16
    assert growth["tiled"] < 4.001
    assert peak("fused", which, 4096) / peak("fused", which, 1024) < 4.001
    assert peak("plain", which, 4096) > 30 * peak("tiled", which, 4096)


@pytest.mark.parametrize("n", [1024, 2048, 4096])
def test_the_count_is_within_a_third_of_what_was_measured(peak, n):
    for which in ("forward", "training"):
        given = {**WIDE, "training": which == "training"}
        counted = {
            "plain": cost.attention(n, n, **given),
            "tiled": cost.tiled_attention(n, **given),
            "fused": cost.attention(n, n, **given, fused=True),
        }
        for way, one in counted.items():
            assert 0.75 < (one.peak_bytes - n * INPUTS) / peak(way, which, n) < 1.33, (way, which)


def test_the_fast_path_of_the_module_holds_all_scores(peak):
    scores = 8 * 4096**2 * 4
    assert peak("module, fast path", "forward", 4096) > scores
    assert peak("module, without it", "forward", 4096) < scores / 10


def test_the_plain_way_of_the_study_gives_what_the_kernel_gives(load):
    study = load("tile_memory")
    settings = {"heads": 2, "head_width": 4}
    tensors = study.inputs(7, settings)
    study.agree(lambda: study.plain(*tensors), lambda: study.dense(*tensors))
