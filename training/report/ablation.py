"""What the losses of the block method are worth: students trained alike but for them, judged as the minis are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

import atomic
import config
from errors import ConfigError
from models.registry import registry
from training import block_distillation as blocks
from training.base_training import NOISE, Stored, noisy_batch
from training.block_distillation import Weights
from training.export import export_student
from training.loop.setup import Setup
from training.loop.train import Place
from training.report import classifier, collect, options, tables
from training.report.minis import Mini, embedded
from training.report.record import Ablated, Ablation
from training.surgery import STUDENTS

KEPT = "ablation.json"
HELD_BACK = 512  # stored pictures that no student is trained on
BATCH = 8  # of them, at a time
LOSSES: Mapping[str, Weights] = MappingProxyType(
    {
        "task": Weights(task=1, output=0, features=0),
        "task + output": Weights(task=1, output=1, features=0),
        "task + output + features": Weights(),
    }
)


@dataclass(frozen=True, kw_only=True)
class Training:
    """What all students have in common."""

    steps: int
    batch: int  # pictures of a step, in two parts
    seed: int

    def plan(self, weights: Weights) -> blocks.Plan:
        schedule = replace(blocks.PLAN.schedule, steps=self.steps)
        return blocks.Plan(schedule=schedule, weights=weights, batch=self.batch // 2, parts=2, seed=self.seed)


def kept(work: Path) -> Ablation | None:
    """The last one; None if there is none."""
    path = work / KEPT
    return Ablation.model_validate_json(path.read_bytes()) if path.exists() else None


def student(teacher: Mini, losses: str, training: Training, stored: Stored, folder: Path) -> Mini:
    """Trained, or gone on with, or as it is if it was finished before."""
    name = f"{training.steps}x{training.batch}-seed-{training.seed}-{losses.replace(' + ', '-')}"
    below = folder / f"{teacher.fingerprint}-{name}"
    found = Mini(
        teacher.spec.model_copy(update={"name": f"ablation-{name}", "repo": str(below / "model"), "components": {}})
    )
    if not (below / "model" / "model_index.json").exists():
        whole = UNet2DConditionModel.from_pretrained(Path(teacher.spec.repo) / "unet", dtype=torch.float32)
        plan = training.plan(LOSSES[losses])
        net = blocks.train_in_rounds(whole, STUDENTS[plan.student], stored, plan, below, Setup(device="cpu"))
        export_student(below / "model", teacher.spec, {"unet": net}, whole=True)
    return found


@torch.no_grad()
def distances(net: UNet2DConditionModel, teacher: UNet2DConditionModel, held: Stored, seed: int) -> tuple[float, float]:
    """Mean square distances of the student's v from the true one and from the teacher's, on held-back pictures."""
    scheduler, found = DDPMScheduler(**NOISE), []
    for step in range(len(held.latents) // BATCH):
        drawn = noisy_batch(held, scheduler, BATCH, Place(seed + 1, step, 0), torch.device("cpu"))
        guess, wanted = drawn.prediction(net), drawn.prediction(teacher)
        found.append((float(blocks.task_loss(guess, drawn.target)), float(blocks.output_loss(guess, wanted))))
    task, output = zip(*found, strict=True)
    return sum(task) / len(task), sum(output) / len(output)


def judged(
    teacher: Mini, students: Mapping[str, Mini], training: Training, held: Stored, plan: collect.Plan, bar: Progress
) -> Ablation:
    """All students' pictures at the teacher's settings."""
    minis = [teacher, *students.values()]
    collect.draw_missing(minis, {mini.name: [teacher.default] for mini in minis}, plan, bar)
    judge = collect.Judge(teacher.world, plan, bar)
    beside = judge.fitted(judge.pictures(teacher, teacher.default))
    whole, found = _unet(teacher), []
    for losses, mini in bar.track(students.items(), description="judging"):
        task, output = distances(_unet(mini), whole, held, training.seed)
        found.append(Ablated(losses=losses, task=task, output=output, made=judge.made(mini, teacher.default, beside)))
    return Ablation(
        teacher=teacher.name,
        aspects=teacher.world.aspects,
        steps=training.steps,
        batch=training.batch,
        seed=training.seed,
        students=tuple(found),
    )


def _unet(mini: Mini) -> UNet2DConditionModel:
    found: UNet2DConditionModel = UNet2DConditionModel.from_pretrained(
        Path(mini.spec.repo) / "unet", dtype=torch.float32
    )
    return found.eval()


def divided(stored: Stored, held_back: int = HELD_BACK) -> tuple[Stored, Stored]:
    """What students learn from, and the last pictures, by which they are told apart. Raises ConfigError if too few."""
    count = len(stored.latents)
    if count < 2 * held_back:
        raise ConfigError(
            f"There are {count} stored pictures; the ablation keeps {held_back} back and needs as many besides. "
            "Store more of them."
        )
    parts = (slice(0, count - held_back), slice(count - held_back, count))
    first, last = (replace(stored, latents=stored.latents[it], texts=stored.texts[it]) for it in parts)
    return first, last


def main(
    config_path: options.ConfigPath = options.CONFIG,
    teacher: options.Teacher = "mini-sd",
    pictures: options.Pictures = Path("runs/mini"),
    steps: options.Steps = 600,
    batch: options.Batch = 16,
    seed: options.Seed = 1,
    prompts: options.Prompts = 200,
    processes: options.Processes = 0,
    classifier_steps: options.ClassifierSteps = classifier.STEPS,
    work: options.Work = options.WORK,
) -> None:
    """What the losses of the block method are worth: three students, trained alike but for the losses, and judged.

    Task loss alone, with the distance from the teacher's output, with that of its stages too. The figures are kept in
    the work folder, where `python -m training report` finds them. Stopped at any moment, the same command goes on.
    """
    if batch % 2:
        raise ConfigError(f"--batch is {batch}. A step has two parts of as many pictures; try {batch + 1}.")
    training = Training(steps=steps, batch=batch, seed=seed)
    plan = collect.Plan(
        prompts=prompts,
        curve=(),
        rounds=0,
        device="cpu",
        processes=options.processes(processes),
        classifier_steps=classifier_steps,
        work=work,
    )
    torch.set_num_threads(1)  # each part of a batch has its own thread
    (chosen,) = embedded(list(registry(config.load(config_path).models, (teacher,)).values()))
    Console().print(tables.ablation(run(chosen, pictures, training, plan)).rich())


def run(teacher: Mini, pictures: Path, training: Training, plan: collect.Plan) -> Ablation:
    """Train, judge and keep."""
    learned, held = divided(blocks.stored_pictures(pictures, Path(teacher.spec.repo)))
    folder = plan.work / "ablation"
    students = {losses: student(teacher, losses, training, learned, folder) for losses in LOSSES}
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True)) as bar:
        found = judged(teacher, students, training, held, plan, bar)
    atomic.write(plan.work / KEPT, found.model_dump_json(indent=1).encode())
    return found
