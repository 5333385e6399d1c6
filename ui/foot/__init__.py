"""The foot of the page: that a machine makes the pictures, what they may be, and what is kept of them."""
