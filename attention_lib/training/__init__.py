"""One training loop for every model of the book, its losses, and seeds that disturb nobody."""

from .accuracy import token_accuracy
from .checkpoints import read_checkpoint
from .history import History
from .loop import fit
from .losses import (
    as_tensors,
    classification_loss,
    language_model_loss,
    pointer_loss,
    seq2seq_loss,
    sequence_cross_entropy,
)
from .optimizer import decayed_parameters
from .reinforce import glimpse_loss, leave_one_out, reinforce_loss
from .schedules import constant, inverse_square_root, warmup_cosine, warmup_linear
from .seeds import seeded
from .stopping import EarlyStopping

__all__ = [
    "EarlyStopping",
    "History",
    "as_tensors",
    "classification_loss",
    "constant",
    "decayed_parameters",
    "fit",
    "glimpse_loss",
    "inverse_square_root",
    "language_model_loss",
    "leave_one_out",
    "pointer_loss",
    "read_checkpoint",
    "reinforce_loss",
    "seeded",
    "seq2seq_loss",
    "sequence_cross_entropy",
    "token_accuracy",
    "warmup_cosine",
    "warmup_linear",
]
