"""The exercises of the page on when an encoder wins, a file for each."""
