"""What stands in front of the page and of every door: who is answered at all, and how much is taken in."""
