"""The posters of mini-sdxl: what they show, how they are drawn, and what a picture of one shows."""
