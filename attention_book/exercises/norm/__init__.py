"""The exercises of the page on the place of the norm, a file for each."""
