"""What a translation holds is what the model computes; the typing box answers."""

import numpy as np
import pytest
import torch

from attention_book.asking import ask
from attention_book.explorables import sweep
from attention_book.translating import END, Translation, translate, word_by_word
from attention_lib.data.tokeniser_training import train_words
from attention_lib.data.tokens import EOS, SOS
from attention_lib.modules import Transformer
from attention_lib.training import seeded

ENGLISH = ["I have a black dog.", "Tom sleeps.", "the white dog sleeps here, Tom."]
SPANISH = ["Tengo un perro negro.", "Tom duerme.", "el perro blanco duerme aquí, Tom."]


@pytest.fixture(scope="module")
def tokenisers():
    return train_words(ENGLISH), train_words(SPANISH)


def model_of(tokenisers, seed=3):
    with seeded(seed):
        sizes = {"d_model": 8, "n_heads": 2, "n_layers": 2, "d_ff": 16}
        return Transformer(*map(len, tokenisers), **sizes, dropout=0.3)


@pytest.fixture(scope="module")
def model(tokenisers):
    return model_of(tokenisers)


def one_step(model, ids, written):
    """Probabilities and mean weights of the next word, one step at a time."""
    model.eval()
    fed = torch.tensor([[SOS, *written]])
    logits, weights = model(torch.tensor([ids]), torch.tensor([len(ids)]), fed, return_weights=True)
    looks = [head for layer in weights.decoder for head in layer.cross_attention[0, :, -1]]
    return logits[0, -1].softmax(-1).detach().numpy(), sum(looks).detach().numpy() / len(looks)


@pytest.mark.parametrize("sentence", [*ENGLISH, "A dog sleeps."])
@pytest.mark.parametrize("training", [True, False])
def test_each_word_is_the_best_of_its_step_and_the_weights_are_those_of_the_step(
    tokenisers, sentence, training
):
    english, spanish = tokenisers
    model = model_of(tokenisers).train(training)
    found = translate(model, tokenisers, sentence, max_words=6)
    assert model.training is training
    ids, written = english.encode(sentence), []
    assert found.source == english.tokens(sentence)
    assert 1 <= len(found.words) <= 6
    for t, word in enumerate(found.words):
        probabilities, looks = one_step(model, ids, written)
        order = np.argsort(-probabilities, kind="stable")[:2].tolist()
        best, second = (END if one == EOS else spanish.token(one) for one in order)
        assert (word, found.second[t][0]) == (best, second)
        np.testing.assert_allclose(found.weights[t], looks, atol=1e-6)
        np.testing.assert_allclose(found.share[t], probabilities.max(), rtol=1e-4)
        np.testing.assert_allclose(found.second[t][1], np.sort(probabilities)[-2], rtol=1e-4)
        written.append(order[0])
    assert found.text == spanish.decode(written)
    assert END not in found.words[:-1]


def test_the_end_token_ends_it(tokenisers):
    model = model_of(tokenisers)
    with torch.no_grad():
        model.decoder.final_norm.shift.copy_(30 * model.target_embedding.weight[EOS])
    found = translate(model, tokenisers, "Tom sleeps.")
    assert found.words == [END]
    assert found.text == ""


def test_unknown_words_are_named_as_they_were_typed(model, tokenisers):
    found = translate(model, tokenisers, "Zebras sleep, Tom. O'Neill sleeps.")
    assert found.unknown == ["Zebras", "sleep", "O'Neill"]
    assert found.source[:4] == ["<unk>", "<unk>", ",", "Tom"]
    assert translate(model, tokenisers, "Tom sleeps.").unknown == []


@pytest.mark.parametrize("sentence", ["", "  ", "\n"])
def test_a_sentence_without_words_is_refused(model, tokenisers, sentence):
    with pytest.raises(ValueError, match="sentence must hold at least one word"):
        translate(model, tokenisers, sentence)


def test_something_else_is_refused(model, tokenisers):
    with pytest.raises(TypeError, match="model must be"):
        translate(None, tokenisers, "Tom")
    with pytest.raises(TypeError, match="sentence must be"):
        translate(model, tokenisers, 3)
    with pytest.raises(ValueError, match="max_words must be"):
        translate(model, tokenisers, "Tom", max_words=0)


def made(words, source, unknown=()):
    weights = np.arange(1, 1 + len(words) * len(source)).reshape(len(words), -1) / 100
    share = np.linspace(0.9, 0.5, len(words))
    second = [("otra", 0.25)] * len(words)
    return Translation(source, words, weights, share, second, " ".join(words), list(unknown))


def test_the_picture_grows_by_a_row_with_each_word():
    translations = {
        "One dog.": made(["un", "perro", END], ["one", "dog"], ["dog"]),
        "Tom": made(["Tom", END], ["Tom"]),
    }
    box = sweep(title="Growing", **word_by_word(translations))
    (slider,) = box.sliders
    places = [f"sentence 1, {one}" for one in ("nothing yet", "word 1", "word 2", "word 3")]
    places += [f"sentence 2, {one}" for one in ("nothing yet", "word 1", "word 2")]
    assert [text for text, _ in slider.options] == places
    assert slider.value == "sentence 1, word 3"
    spec = box.view.spec
    assert spec["rows"][:3] == [["", "", ""], ["un", "", ""], ["un", "perro", ""]]
    assert spec["rows"][6] == ["Tom", END, ""]
    assert spec["cols"][0] == ["one", "dog"]
    assert spec["cols"][5] == ["Tom", ""]
    assert box.caption(0) == "One dog. Nothing is written yet. Unknown: dog."
    assert box.caption(2) == (
        "One dog. perro had the probability 70%; otra came second with 25%. Unknown: dog."
    )


def test_a_share_that_would_round_to_nothing_is_less_than_one_per_cent():
    one = made(["a", "b"], ["c"])._replace(share=[0.0051, 0.0049])
    box = sweep(title="Small", **word_by_word({"c": one}))
    assert box.caption(1) == "c a had the probability 1%; otra came second with 25%. "
    assert "b had the probability less than 1%;" in box.caption(2)


def test_the_picture_holds_the_weights_of_the_words_that_are_there():
    one = made(["un", "perro", END], ["one", "dog"])
    drawn = word_by_word({"One dog.": one, "Tom, now": made(["a"], ["b", "c", "d"])})["function"]
    wanted = np.zeros((3, 3))
    wanted[:2, :2] = one.weights[:2]
    np.testing.assert_array_equal(drawn("sentence 1, word 2"), wanted)
    assert not drawn("sentence 1, nothing yet").any()


def test_a_single_sentence_has_no_number():
    box = sweep(title="One", **word_by_word({"Tom": made(["Tom", END], ["Tom"])}))
    assert [text for text, _ in box.sliders[0].options] == ["nothing yet", "word 1", "word 2"]


def test_long_sentences_are_shortened_in_the_caption():
    long = "Tom " * 30
    box = sweep(title="Long", **word_by_word({long: made(["a", END], ["b"], ["word"] * 30)}))
    assert "…" in box.caption(1)


@pytest.mark.parametrize(
    ("translations", "kind"), [({}, ValueError), ([], TypeError), ({"a": "b"}, TypeError)]
)
def test_no_translations_are_refused(translations, kind):
    with pytest.raises(kind, match="translations"):
        sweep(title="None", **word_by_word(translations))


def test_what_is_typed_is_translated(model, tokenisers):
    def show(sentence):
        return sweep(
            title="Yours", **word_by_word({sentence: translate(model, tokenisers, sentence)})
        )

    box = ask(show, label="English", start="Tom sleeps.")
    assert box.children == (box.line, box.reply)
    assert box.reply.caption(0).startswith("Tom sleeps. ")
    box.line.value = "I have a zebra."
    assert "Unknown: zebra." in box.reply.caption(1)
