"""The exercises of the page on windows and blocks, a file for each."""
