"""Which model a client has chosen."""

from pathlib import Path

from api.a1111.desk import MOST_CHOICES, Desk
from generation.caller import Caller
from generation.engine import Engine
from models.registry import registry
from studio import Studio
from tests.published import from_folder
from visitors.owner import ACCOUNT, owner, somebody


def test_who_comes_back_as_nobody_drives_no_choice_out() -> None:
    specs = [from_folder("sd", Path()), from_folder("sdxl", Path())]
    first, second = (spec.name for spec in specs)
    desk = Desk(Studio(Engine(registry(specs), default_model=first), private=True))
    ada = Caller(owner(ACCOUNT, "ada"))
    desk.choose(ada, second)
    for _ in range(MOST_CHOICES):
        desk.choose(Caller(somebody()), first)
    assert desk.model(ada) == second
