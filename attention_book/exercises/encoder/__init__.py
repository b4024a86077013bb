"""The exercises of the page on the encoder, a file for each."""
