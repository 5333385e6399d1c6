"""What distillation costs and gains: every mini measured in one run. `python -m training report --help`"""
