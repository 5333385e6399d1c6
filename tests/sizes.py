"""How long functions and files may be; `python -m tests.sizes` names those that are longer."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FUNCTION = 50  # lines; most have under 20
FILE = 300  # most have under 200
TEST_FILE = 450  # tests are read one at a time


def too_long(path: Path) -> Iterator[str]:
    """A line for the file and for each of its functions that is over its limit."""
    text = path.read_text(encoding="utf-8")
    lines, limit = len(text.splitlines()), TEST_FILE if path.parts[0] == "tests" else FILE
    if lines > limit:
        yield f"{path}: {lines} lines; a file may have {limit}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines; a function may have {FUNCTION}"


def main() -> int:
    """Exit 1 when something is too long."""
    ours = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py")
    listed = subprocess.run(ours, check=True, capture_output=True, text=True).stdout.splitlines()
    found = [line for name in listed if Path(name).is_file() for line in too_long(Path(name))]
    print("\n".join(found) or f"Sizes are fine in {len(listed)} files.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
