"""The exercises of the page on the four scores, a file for each."""
