"""Data for the chapters: real texts, sounds and images that come with the package, and toy tasks.

- `toy`: tasks with known answers and alignments.
- `translation`, `sentiment`, `speech`: sentence pairs, rated sentences, spoken digits, each with
  the attribution that its licence asks for (`files/*/ATTRIBUTION.md`) and with fixed splits.
- `handwritten`, `digit_pictures`: single handwritten digits, and pictures of nine of them with
  captions.
- `digit_strings`, `log_mel`, `speech_batch`: strings of spoken digits and what a model hears.
- `tokeniser`, `tokeniser_training`, `truecase`: text to token ids and back.
- `alignment`: which word translates which, learned by counting.
- `tokens`, `batching`: special ids, padding, batches of like lengths.

NumPy is enough, but for the tokenisers: they need the package tokenizers, the extra "text".
"""
