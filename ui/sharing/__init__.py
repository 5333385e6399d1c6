"""What leads to a picture elsewhere: links that fill in the page, and a picture's settings for other programs.

`keyed` is said of a server where whoever asks has to say who they are.
"""
