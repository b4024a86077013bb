"""The exercises of the page on choosing the next word, a file for each."""
