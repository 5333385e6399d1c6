"""Which blocks a student keeps: the published students of the published teachers, and each tensor's source."""

import re
from functools import cache

import pytest
import torch
from diffusers import UNet2DConditionModel

from errors import ConfigError
from models.architectures import ARCHITECTURES, UNET_XL
from models.flexible_unet import FlexibleUNet2DConditionModel
from training.architectures import denoiser
from training.guidance_distillation import takes_guidance
from training.surgery import (
    BK_SMALL,
    MINI_BK_SDM,
    SSD_KEPT,
    STUDENTS,
    Removal,
    StudentName,
    blocks,
    depths_of,
    removed,
    shrunk,
    sources,
    stages,
)

SD, SDXL = "CompVis/stable-diffusion-v1-4", "stabilityai/stable-diffusion-xl-base-1.0"
LAST_PAIRS = {  # as `copy_weight_from_teacher` of github.com/Nota-NetsPresso/BK-SDM has them
    "up_blocks.0.resnets.1.": "up_blocks.0.resnets.2.",
    "up_blocks.1.resnets.1.": "up_blocks.1.resnets.2.",
    "up_blocks.1.attentions.1.": "up_blocks.1.attentions.2.",
    "up_blocks.2.resnets.1.": "up_blocks.2.resnets.2.",
    "up_blocks.2.attentions.1.": "up_blocks.2.attentions.2.",
    "up_blocks.3.resnets.1.": "up_blocks.3.resnets.2.",
    "up_blocks.3.attentions.1.": "up_blocks.3.attentions.2.",
}
SMALL_XL = {  # SDXL's structure, each size in it small
    **UNET_XL,
    "block_out_channels": (8, 16, 16),
    "norm_num_groups": 4,
    "attention_head_dim": (1, 2, 2),
    "cross_attention_dim": 8,
    "addition_time_embed_dim": 4,
    "projection_class_embeddings_input_dim": 32,
}


@cache
def unet(repo: str) -> UNet2DConditionModel:
    settings = ARCHITECTURES[repo].unet
    assert settings is not None
    with torch.device("meta"):
        return UNet2DConditionModel(**settings)


def shapes(net: UNet2DConditionModel) -> dict[str, torch.Size]:
    return {key: tensor.shape for key, tensor in net.state_dict().items()}


@pytest.mark.parametrize(
    ("name", "teacher", "published", "parameters"),
    [("bk-sdm-small", SD, "nota-ai/bk-sdm-small", 482_346_884), ("ssd-1b", SDXL, "segmind/SSD-1B", 1_331_334_404)],
)
def test_the_published_students_are_made_of_the_published_teachers(
    name: StudentName, teacher: str, published: str, parameters: int
) -> None:
    student = removed(unet(teacher), STUDENTS[name])
    assert sum(p.numel() for p in student.parameters()) == parameters
    assert shapes(student) == shapes(unet(published))
    settings = {key: value for key, value in unet(published).config.items() if not key.startswith("_")}
    assert {key: student.config[key] for key in settings} == settings


def test_the_last_pair_on_the_way_up_stays_the_last() -> None:
    teacher = unet(SD)
    taken = sources(shrunk(teacher, BK_SMALL).state_dict(), teacher.state_dict())
    moved = {key: name for key, name in taken.items() if key != name}
    assert moved == {
        key: LAST_PAIRS[prefix] + key.removeprefix(prefix)
        for key in taken
        for prefix in LAST_PAIRS
        if key.startswith(prefix)
    }


def test_of_ten_layers_the_first_three_and_the_seventh_stay() -> None:
    taken = sources(unet("segmind/SSD-1B").state_dict(), unet(SDXL).state_dict(), SSD_KEPT)
    moved = {key: name for key, name in taken.items() if key != name}
    shortened = {f"{stage}.attentions.{number}" for stage in ("down_blocks.2", "up_blocks.0") for number in (0, 1)}
    assert {key.split(".transformer_blocks.3.")[0] for key in moved} == shortened
    assert all(name == key.replace(".transformer_blocks.3.", ".transformer_blocks.6.") for key, name in moved.items())


def test_layers_of_which_nothing_is_said_are_the_first_ones() -> None:
    taken = sources(unet("segmind/SSD-1B").state_dict(), unet(SDXL).state_dict())
    assert all(key == name for key, name in taken.items())


def test_a_round_takes_on_where_the_one_before_ended() -> None:
    torch.manual_seed(0)
    teacher = UNet2DConditionModel(**SMALL_XL)
    student = removed(teacher, STUDENTS["ssd-1b"])
    own, whole = student.state_dict(), teacher.state_dict()
    for key, name in sources(own, whole, SSD_KEPT).items():
        assert torch.equal(own[key], whole[name])
    seventh = "up_blocks.0.attentions.1.transformer_blocks.6.attn2.to_k.weight"
    assert torch.equal(own[seventh.replace("6", "3")], whole[seventh])
    assert [len(a.transformer_blocks) for a in student.up_blocks[0].attentions] == [4, 4, 10]


def test_the_mini_of_sdxls_layout_loses_what_sdxl_loses() -> None:
    with torch.device("meta"):
        teacher = UNet2DConditionModel(**SMALL_XL, layers_per_block=1)
    teacher = shrunk(teacher, {"transformer_layers_per_block": (1, 2, 4)})
    student = removed(teacher, STUDENTS["mini-ssd"])
    assert depths_of(student.state_dict()) == {
        "down_blocks.1.attentions.0": 2,
        "down_blocks.2.attentions.0": 1,
        "up_blocks.0.attentions.0": 1,
        "up_blocks.0.attentions.1": 2,
        "up_blocks.1.attentions.0": 2,
        "up_blocks.1.attentions.1": 1,
    }
    assert len(student.mid_block.resnets) == 1


def test_the_shares_of_the_rounds_are_a_whole() -> None:
    assert all(sum(removal.share for removal in rounds) == pytest.approx(1) for rounds in STUDENTS.values())


def test_the_mini_student_starts_with_its_teachers_weights() -> None:
    teacher = denoiser(4, 8, (16, 16, 32))
    student = shrunk(teacher, MINI_BK_SDM)
    own, whole = student.state_dict(), teacher.state_dict()
    assert all(torch.equal(own[key], whole[key]) for key in own)  # no pair changes its place in this layout
    assert student.mid_block is None
    left = {key.split(".attentions")[0] for key in own if ".attentions." in key}
    assert left == {"down_blocks.2", "up_blocks.1"}
    assert not any(key.startswith("down_blocks.0.resnets") for key in own)
    assert sum(p.numel() for p in student.parameters()) < 2 / 3 * sum(p.numel() for p in teacher.parameters())


def test_a_student_is_as_precise_as_its_teacher() -> None:
    teacher = denoiser(4, 8, (16, 16, 32)).half()
    assert shrunk(teacher, MINI_BK_SDM).dtype == torch.float16


@pytest.mark.parametrize(
    ("repo", "removals"),
    [
        (SD, (Removal(changes=MINI_BK_SDM),)),
        ("nota-ai/bk-sdm-small", (Removal(changes={**BK_SMALL, "block_out_channels": (320, 640, 640, 1280)}),)),
        (SD, STUDENTS["ssd-1b"]),
        ("segmind/SSD-1B", STUDENTS["ssd-1b"]),
        (SDXL, (Removal(changes=STUDENTS["ssd-1b"][1].changes, kept={(10, 4): (0, 1)}),)),
        (SDXL, (Removal(changes=STUDENTS["ssd-1b"][1].changes, kept={(10, 4): (0, 1, 2, 10)}),)),
    ],
)
def test_a_teacher_of_another_layout_is_refused(repo: str, removals: tuple[Removal, ...]) -> None:
    layers = re.escape(str(unet(repo).config["layers_per_block"]))
    with pytest.raises(ConfigError, match=rf"not in this teacher \(down_block_types .*, layers_per_block {layers}, "):
        removed(unet(repo), removals)


def test_a_teacher_of_another_class_is_refused() -> None:
    with torch.device("meta"):
        teacher = FlexibleUNet2DConditionModel()
    refusal = r"U-Net is a FlexibleUNet2DConditionModel\. .* choose such a teacher"
    with pytest.raises(ConfigError, match=refusal):
        shrunk(teacher, BK_SMALL)
    with pytest.raises(ConfigError, match=refusal):
        takes_guidance(teacher)


def test_a_teacher_that_takes_the_guidance_scale_is_not_taught_it_again() -> None:
    guided = takes_guidance(denoiser(4, 8, (16, 16, 32)))
    with pytest.raises(ConfigError, match="takes the guidance scale already"):
        takes_guidance(guided)


def test_the_blocks_are_named_in_the_datas_order() -> None:
    net = unet(SDXL)
    assert stages(net) == [*(f"down_blocks.{n}" for n in range(3)), "mid_block", *(f"up_blocks.{n}" for n in range(3))]
    names = blocks(net)
    assert names[2:4] == ["down_blocks.1.resnets.0", "down_blocks.1.attentions.0"]
    assert len(names) == 2 + 4 + 4 + 1 + 6 + 6 + 3
    assert names[-1] == "up_blocks.2.resnets.2"
