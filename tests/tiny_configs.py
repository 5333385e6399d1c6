"""The published configurations, each size in them made as small as its structure allows."""

from typing import Any

Config = dict[str, Any]

TEXT: Config = {
    "architectures": ["CLIPTextModel"],
    "bos_token_id": 0,
    "eos_token_id": 2,  # as published: not the tokenizer's, it makes the pooling take the highest id
    "hidden_act": "quick_gelu",
    "hidden_size": 16,
    "intermediate_size": 32,
    "max_position_embeddings": 77,
    "model_type": "clip_text_model",
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "pad_token_id": 1,
    "torch_dtype": "float32",
    "vocab_size": 514,
}
TEXT_XL: Config = TEXT | {"projection_dim": 16, "torch_dtype": "float16"}
TEXT_XL_2: Config = TEXT_XL | {"architectures": ["CLIPTextModelWithProjection"], "hidden_act": "gelu"}
VAE: Config = {
    "act_fn": "silu",
    "block_out_channels": [8, 8, 16, 16],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "in_channels": 3,
    "latent_channels": 4,
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "out_channels": 3,
    "sample_size": 512,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
}
VAE_XL: Config = VAE | {"force_upcast": True, "sample_size": 1024, "scaling_factor": 0.13025}
UNET: Config = {
    "act_fn": "silu",
    "attention_head_dim": 2,
    "block_out_channels": [8, 8, 16, 16],
    "center_input_sample": False,
    "cross_attention_dim": 16,
    "down_block_types": [*["CrossAttnDownBlock2D"] * 3, "DownBlock2D"],
    "downsample_padding": 1,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "in_channels": 4,
    "layers_per_block": 2,
    "norm_eps": 1e-5,
    "norm_num_groups": 4,
    "out_channels": 4,
    "sample_size": 64,
    "up_block_types": ["UpBlock2D", *["CrossAttnUpBlock2D"] * 3],
}
UNET_XL: Config = UNET | {
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "attention_head_dim": [1, 2, 4],
    "block_out_channels": [8, 16, 16],
    "cross_attention_dim": 32,  # both text encoders side by side
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "mid_block_type": "UNetMidBlock2DCrossAttn",
    "projection_class_embeddings_input_dim": 64,  # 16 of the pooled text and 6 numbers of 8
    "sample_size": 128,
    "transformer_layers_per_block": [1, 1, 2],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "upcast_attention": None,
    "use_linear_projection": True,
}
UNET_SSD: Config = UNET_XL | {
    "mid_block_type": "UNetMidBlock2D",
    "transformer_layers_per_block": [[1], [1, 1], [2, 2]],
    "reverse_transformer_layers_per_block": [[2, 2, 3], [1, 1, 1], 1],
}
FLEXIBLE: Config = {
    "sample_size": 64,
    "temb_dim": 32,
    "resnet_eps": 1e-5,
    "resnet_act_fn": "silu",
    "num_attention_heads": 2,
    "cross_attention_dim": 16,
    "mix_block_in_forward": True,
    "down_blocks_in_channels": [8, 8, 16],
    "down_blocks_out_channels": [8, 16, 16],
    "down_blocks_num_resnets": [2, 2, 1],
    "down_blocks_num_attentions": [0, 1, 3],
    "add_downsample": [True, True, True],
    "mid_num_resnets": 4,
    "mid_num_attentions": 2,
    "add_upsample_mid_block": True,
    "prev_output_channels": [16, 16, 16],
    "up_blocks_num_resnets": [2, 3, 3],
    "up_blocks_num_attentions": [6, 3, 0],
    "add_upsample": [True, True, False],
}
_BETAS: Config = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
PNDM: Config = {"_class_name": "PNDMScheduler", **_BETAS, "set_alpha_to_one": False, "skip_prk_steps": True}
EULER: Config = {"_class_name": "EulerDiscreteScheduler", **_BETAS, "timestep_spacing": "leading"}
DDIM: Config = {
    "_class_name": "DDIMScheduler",
    "beta_schedule": "squaredcos_cap_v2",
    "clip_sample": False,
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "trailing",
}
DDIM_FEW_STEPS: Config = {
    "_class_name": "DDIMScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.02,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "prediction_type": "v_prediction",
    "set_alpha_to_one": True,  # the last of few steps reaches the picture
    "steps_offset": 1,
    "timestep_spacing": "trailing",
}
