"""The flexible student of a stock U-Net: which weights it starts with."""

import re

import torch

from training.architectures import MINI_DECI, denoiser, flexible, flexible_name

INSIDE = ("down_blocks.2.", "mid_block.", "up_blocks.0.", "up_blocks.1.modules_list.0.")  # narrower than the teacher


def test_all_but_the_inside_is_the_teachers() -> None:
    torch.manual_seed(0)
    teacher = denoiser(8, 128)
    student = flexible(teacher, MINI_DECI)
    whole, own = teacher.state_dict(), student.state_dict()
    taken = {flexible_name(key, student): key for key in whole}
    new = [name for name in own if name not in taken or not torch.equal(own[name], whole[taken[name]])]
    assert new
    assert all(name.startswith(INSIDE) for name in new)


def test_what_is_left_out_is_attention_and_a_residual_block_of_the_middle() -> None:
    teacher = denoiser(8, 128)
    student = flexible(teacher, MINI_DECI)
    left = {key for key in teacher.state_dict() if not flexible_name(key, student)}
    blocks = {re.sub(r"(\w+\.\d+\.\w+\.\d+|mid_block\.\w+\.\d+)\..*", r"\1", key) for key in left}
    assert blocks == {
        "down_blocks.1.attentions.0",
        "mid_block.attentions.0",
        "mid_block.resnets.1",
        "up_blocks.0.attentions.0",
        "up_blocks.0.attentions.1",
    }
