"""The exercises of the page on the general mechanism, a file for each."""
