"""Every test, and every notebook that nbval runs, works in the surroundings of the pipeline."""

from attention_book.pipeline.environment import apply

apply()
