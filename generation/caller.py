"""Who asks for pictures, as far as the way from request to picture has to know."""

from __future__ import annotations

from dataclasses import dataclass

from errors import NotLetIn


@dataclass(frozen=True)
class Caller:
    """Somebody at one of the doors."""

    owner: str = ""  # whose the pictures are: 16 hexadecimal digits; empty: everybody's
    counted_as: str = ""  # whom limits count: an account, a key, an address; empty: the operator, who has none
    looks: bool = False  # may see what there is, and neither make nor change anything

    def check(self) -> None:
        """Raises NotLetIn for somebody who may look alone."""
        if self.looks:
            raise NotLetIn("Log in for that. Without it there is only looking here.")
