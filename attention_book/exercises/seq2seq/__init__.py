"""The exercises of chapter 01, in the order of the chapter."""

from attention_book.exercises.seq2seq.advanced import KERNEL, REINFORCE
from attention_book.exercises.seq2seq.decoder import ADDITIVE_SCORES, DECODER_INPUTS, DOT_SCORES
from attention_book.exercises.seq2seq.reading import ALIGNMENT, LENGTH_SOFTMAX

EXERCISES = (
    DECODER_INPUTS,
    DOT_SCORES,
    ADDITIVE_SCORES,
    LENGTH_SOFTMAX,
    ALIGNMENT,
    KERNEL,
    REINFORCE,
)
