"""Every operation that programs are offered, asked two thousand things that nobody would ask.

`FUZZ_REQUESTS=20000 python -m pytest tests/test_fuzz.py` asks more, and others each time.
"""

import math
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from tests.deployments import entry, written
from tests.serving import Served, served
from tests.tiny import Checkpoints
from tests.waiting import PATIENCE, until

LEAST = 2000
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", LEAST))
CONFORMS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
MODES = [GenerationMode("positive"), GenerationMode("negative")]  # what the schema allows, and what it does not
NOT_OFFERED = 501  # said on purpose, by operations whose clients ask for them


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, checkpoints: Checkpoints) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("deployment")
    few = {"low": 1, "high": 4, "default": 1}
    models = [entry(f"tiny-{n}", checkpoints["sd"], steps=few) for n in range(2)]
    with served(written(folder, *models, limits={"count": 2}), folder / "outputs") as one:
        yield one


def test_no_request_breaks_anything(there: Served) -> None:
    schema = schemathesis.openapi.from_url(f"{there.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    varied = [operation for operation in operations if takes_something(operation)]
    each = math.ceil(REQUESTS / (2 * len(varied)))
    asked, wrong = Counter[str](), list[str]()
    for operation in operations:
        for mode in MODES if operation in varied else MODES[:1]:
            wrong += ask(there, operation, mode, each, asked)
    assert not wrong, "\n\n".join(wrong)
    assert set(asked) == {operation.label for operation in operations}
    assert asked.total() >= min(LEAST, REQUESTS)
    until(lambda: not there.engine.jobs())


def takes_something(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    raw = operation.definition.raw
    return bool(raw.get("parameters") or raw.get("requestBody"))


def ask(
    there: Served, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, times: int, asked: Counter[str]
) -> list[str]:
    """What was wrong with an answer, if anything was."""

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=times,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        derandomize=REQUESTS == LEAST,
        suppress_health_check=list(HealthCheck),
    )
    def answered(case: Case[Any]) -> None:
        asked[operation.label] += 1
        answer = case.call(base_url=there.url, timeout=PATIENCE)
        assert answer.status_code < 500 or answer.status_code == NOT_OFFERED, (
            f"{answer.status_code} {answer.text[:500]}\n{case.as_curl_command()}"
        )
        case.validate_response(answer, checks=CONFORMS)

    try:
        answered()
    except Unsatisfiable:  # nothing of that kind can be sent
        return []
    except (AssertionError, FailureGroup) as error:
        return [f"{operation.label}: {error}"]
    return []
