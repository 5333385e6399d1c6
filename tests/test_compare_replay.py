"""A recipe from anywhere downloads nothing before somebody has seen how much that is."""

from pathlib import Path

import config
from comparison.plan import Plan, cells
from comparison.recipe import Recipe, RecipeCell, written
from comparison.runs import Runs
from generation.engine import Engine
from models.registry import registry
from studio import Studio
from tests.test_compare_private import ME, pressed
from ui.compare.handlers import Comparing
from ui.screen import SKIP


def test_a_recipe_of_a_model_that_is_not_here_asks_first(tmp_path: Path) -> None:
    models = registry(config.load(Path(config.__file__).with_name("config.yaml")).models)
    engine = Engine(models, default_model="mini-sd", device="cpu")  # which never starts
    runs = Runs(engine, tmp_path)
    plan = Plan(prompts=("a cat",), models=("bk-sdm-small",), seeds=(1,))
    made = tuple(RecipeCell(number=cell.number, request=engine.request(cell.asked)) for cell in cells(plan))
    text = written(
        Recipe(format="darkroom-recipe", version=1, created=0.0, made_with={}, titles={}, plan=plan, cells=made)
    ).decode()
    page = Comparing(Studio(engine, runs=runs), runs)
    shown, _, place = page.replay(ME, pressed(act="recipe", text=text))
    assert shown is SKIP
    assert "1.38 GB" in place
    assert 'data-act="replay"' in place
    assert runs.listed() == []
    id, _, place = page.replay(ME, pressed(act="replay", text=text))
    assert [run.id for run in runs.listed()] == [id]
    assert 'data-act="replay"' not in place
    runs.close()
