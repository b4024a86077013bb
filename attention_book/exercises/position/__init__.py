"""The exercises of the page on position, a file for each."""
