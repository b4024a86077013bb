"""Editions of the notebooks for a class: for students, for instructors, and to be graded."""
