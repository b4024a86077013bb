"""The exercises of the page on estimates, a file for each."""
