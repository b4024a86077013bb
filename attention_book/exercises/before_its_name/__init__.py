"""The exercises of the page on what attention was called before, a file for each."""
