"""The exercises of the page on reading heads, a file for each."""
