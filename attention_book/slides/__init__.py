"""Slides for the main pages, made from the executed notebooks by rules: no second text to keep."""
