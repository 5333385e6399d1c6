"""Hugging Face's ZeroGPU: every job in a process that is forked for it and has a GPU for as long as it takes."""
