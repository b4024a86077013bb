"""The exercises of the page on sequences longer than in training, a file for each."""
