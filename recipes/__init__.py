"""What pictures say of how they were made, whichever program made them."""
