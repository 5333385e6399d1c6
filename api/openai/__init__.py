"""The images API of OpenAI under /v1, as its own SDKs speak it and whatever imitates them."""
