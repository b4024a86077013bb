"""The exercises of the page on pictures and words, a file for each."""
