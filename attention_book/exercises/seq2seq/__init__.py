"""The exercises of the chapter on the Seq2Seq bottleneck, a file for each."""
