"""`python -m training.report report` and `ablation`."""

import typer

from training.report import ablation
from training.report.command import report

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(report)
app.command("ablation")(ablation.main)

if __name__ == "__main__":
    app()
