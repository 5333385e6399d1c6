"""How mini-sdxl is made: posters, their words, and what its parts learn of them."""
