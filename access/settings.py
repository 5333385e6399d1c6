"""What a deployment says of who may come in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.spec import Data

Anonymous = Literal["nothing", "look", "generate"]


class Access(Data):
    """Who may come in, and what those may do who have not said who they are."""

    users: Annotated[str, Field(min_length=1)] | None = None  # a file of accounts; None: there are none
    keys: Annotated[str, Field(min_length=1)] | None = None  # a file of API keys
    hf: bool = False  # logging in with Hugging Face, which a Space alone can offer
    anonymous: Anonymous = "nothing"  # counts where there is a way to say who one is
