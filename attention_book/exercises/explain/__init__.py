"""The exercises of the page on what weights explain, a file for each."""
