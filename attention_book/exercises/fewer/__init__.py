"""The exercises of the page on shared keys and values, a file for each."""
