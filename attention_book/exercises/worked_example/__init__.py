"""The exercises of the chapter with an example worked by hand, a file for each."""
