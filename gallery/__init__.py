"""Finished pictures: files in a folder, and an index of them that can be made anew from the files alone."""
