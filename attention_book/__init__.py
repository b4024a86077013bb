"""What makes a book of `attention_lib`: figures that move, exercises, claims, and the pipeline.

`python -m attention_book` runs the pipeline. Nothing in `attention_lib` imports this package.
"""
