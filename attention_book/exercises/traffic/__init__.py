"""The exercises of the page on online softmax and tiles, a file for each."""
