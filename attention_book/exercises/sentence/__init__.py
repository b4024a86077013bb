"""The exercises of the page that turns contexts into a sentence, a file for each."""
