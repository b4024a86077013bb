"""The exercises of the two pages on choosing, the next word and a mechanism, a file for each."""
