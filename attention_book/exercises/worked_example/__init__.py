"""The exercises of chapter 02, in the order of the chapter."""

from attention_book.exercises.worked_example.backward import (
    ATTENTION_BACKWARD,
    QUERY_JACOBIAN,
    SOFTMAX_BACKWARD,
)
from attention_book.exercises.worked_example.decoder import DECODE, LSTM_STEP
from attention_book.exercises.worked_example.forward import CONTEXT, SCORES, SOFTMAX

EXERCISES = (
    SOFTMAX,
    SCORES,
    CONTEXT,
    LSTM_STEP,
    DECODE,
    SOFTMAX_BACKWARD,
    ATTENTION_BACKWARD,
    QUERY_JACOBIAN,
)
