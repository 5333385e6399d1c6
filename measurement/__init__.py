"""The benchmark: what each model costs on this machine, written down so that it can be compared later."""
