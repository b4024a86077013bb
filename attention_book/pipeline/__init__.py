"""From the chapters' text to executed notebooks and to the pages: `python -m attention_book`."""
