"""How mini-sd is made: coloured shapes, their words, and what its parts learn of them."""
