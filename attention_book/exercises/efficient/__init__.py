"""The exercises of the page on long sequences, a file for each."""
