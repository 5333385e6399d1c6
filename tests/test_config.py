"""What config.yaml may say, and how a wrong one is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from config import Comparison, Config, Gallery, Server, load
from errors import ConfigError
from generation.settings import Limits, Preview, Queue
from models.spec import TO_BE_PINNED, Data, LatentSpace, Licence, ModelSpec, Range, Size
from safety.settings import Safety

OURS = Path(__file__).parents[1] / "config.yaml"
TEXT = OURS.read_text(encoding="utf-8")
COMMIT = "60987f37e94cd59c36b1cba832b9f97b57395a10"

Written = Callable[[str], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes a config.yaml of that text and says where."""

    def write(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def changed(old: str, new: str) -> str:
    """Our config.yaml with the first `old` replaced."""
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def test_ours_is_accepted() -> None:
    config = load(OURS)
    assert config.default_model == config.models[0].name == "mini-sd"
    assert {spec.name for spec in config.models} >= {
        "mini-bk-sdm",
        "ssd-1b",
        "sdxl-base-1.0",
        "bk-sdm-small",
        "stable-diffusion-v1-4",
        "decidiffusion-v1-0",
    }


def test_a_folder_is_relative_to_the_file(written: Written) -> None:
    path = written(TEXT)
    assert load(path).models[0].repo == str((path.parent / "models" / "weights" / "mini-sd").resolve())


def test_what_is_kept_is_kept_beside_the_file(written: Written) -> None:
    path = written(TEXT)
    outputs = path.parent.resolve() / "outputs"
    config = load(path)
    assert (config.gallery.folder, config.comparison.folder) == (f"{outputs / 'gallery'}", f"{outputs / 'comparisons'}")


def test_a_decoders_folder_is_relative_to_the_file_too(written: Written) -> None:
    path = written(changed("taesd: madebyollin/taesd\n    taesd_revision: to-be-pinned", "taesd: ./decoders/taesd"))
    spaces = {spec.name: spec.latent_space for spec in load(path).models}
    assert spaces["bk-sdm-small"].taesd == str((path.parent / "decoders" / "taesd").resolve())
    assert spaces["ssd-1b"].taesd == "madebyollin/taesdxl"
    assert spaces["mini-sd"].taesd is None


@pytest.mark.parametrize(
    ("at", "old", "new", "known"),
    [
        ("devcie", "device: auto", "devcie: auto", "device"),
        ("server.prot", "  port: 7860", "  prot: 7860", "docs, host, hosts, mcp, metrics, origins, port"),
        ("preview.frames", "  mode: linear", "  frames: 4", "mode, per_second, side"),
        ("queue.lenght", "  size: 100", "  lenght: 100", "size"),
        ("limits.prompt", "  prompt_characters: 4000", "  prompt: 4000", "comparison, count, prompt_characters"),
        ("latent_spaces.sd.chanels", "    channels: 4", "    chanels: 4", "channels"),
        ("models.0.titel", "    title: Mini SD", "    titel: Mini SD", "title"),
        ("models.0.size.widht", "size: {width: 128", "size: {widht: 128", "height, width"),
        ("models.0.steps.max", "steps: {low: 1, high: 100", "steps: {low: 1, max: 100", "default, high, low"),
        ("models.0.licence.link", "      url: https://www.apache", "      link: https://www.apache", "name"),
    ],
)
def test_an_unknown_key_is_refused_with_the_known_ones(
    written: Written, at: str, old: str, new: str, known: str
) -> None:
    text = changed(old, new)
    message = refusal(written(text))
    assert f"line {line_of(text, new)}: {at}: unknown key. Known keys here: " in message
    assert known in message.split("Known keys here: ")[1]


NAMES = [spec.name for spec in load(OURS).models]
AT = {name: f"models.{NAMES.index(name)}" for name in NAMES}
SSD = "    repo: segmind/SSD-1B\n"


@pytest.mark.parametrize(
    ("at", "old", "new", "accepted"),
    [
        ("server.port", "port: 7860", 'port: "7860"', 'valid integer, but it is "7860"'),
        ("server.port", "port: 7860", "port: true", "valid integer, but it is true"),
        ("server.port", "port: 7860", "port: 65536", "less than or equal to 65535, but it is 65536"),
        ("device", "device: auto", "device: gpu", "'auto', 'cuda', 'mps' or 'cpu', but it is \"gpu\""),
        ("resident", "resident: 1", "resident: 0", "greater than or equal to 1"),
        ("warm_gb", "warm_gb: null", "warm_gb: .inf", "a finite number"),
        ("preview.per_second", "per_second: 4", "per_second: .nan", "a finite number"),
        ("preview.mode", "mode: linear", "mode: full", "'linear', 'taesd', 'vae' or 'off'"),
        (
            "default_model",
            "default_model: mini-sd",
            "default_model: mini",
            "choose one of mini-sd, mini-bk-sdm, ",
        ),
        ("models.0.family", "family: sd\n", "family: flux\n", "'sd', 'sdxl' or 'decidiffusion'"),
        ("models.0.steps.default", "high: 100, default: 20}", "high: 100, default: 4.5}", "valid integer"),
        ("models.0.steps.default", "high: 100, default: 20}", "high: 100, default: 101}", "between low 1 and high 100"),
        ("models.0.sizes.0", "size_multiple: 32", "size_multiple: 96", "breaks size_multiple"),
        (
            f"{AT['stable-diffusion-v1-4']}.licence",
            "licence: *openrail",
            "licence: Apache-2.0",
            "keys and their values are expected",
        ),
        ("models.0.vocabulary", "vocabulary: true", "vocabulary: 1", "valid boolean"),
        ("models.0.vocabulary", "vocabulary: true", 'vocabulary: "yes"', "valid boolean"),
        ("models.0.sampler", "    vocabulary: true", "    sampler: Eulr\n", "choose one of Default"),
        (f"{AT['ssd-1b']}.name", "name: ssd-1b", "name: SSD 1B", "match pattern"),
        (f"{AT['ssd-1b']}.name", "name: ssd-1b", "name: mini-sd", "is used twice"),
        (f"{AT['ssd-1b']}.revision", COMMIT, "main", "a commit hash of 40 hex digits"),
        ("models.1.components.vea", "vae: *mini_sd", "vea: *mini_sd", "may come from elsewhere: tokenizer, text_"),
        ("models.1.components.vae.revision", "vae: *mini_sd", "vae: {repo: a/b}", "a commit hash of 40 hex digits"),
        (
            f"{AT['ssd-1b']}.samplers.1",
            SSD,
            f"{SSD}    samplers: [Default, Eule]\n",
            "'Eule' is not known; choose from",
        ),
        (
            f"{AT['ssd-1b']}.samplers",
            SSD,
            f"{SSD}    samplers: [DDIM]\n",
            "the default, 'Default', must be one of them",
        ),
        (
            f"{AT['ssd-1b']}.guidance",
            SSD,
            f"{SSD}    guidance: input\n",
            "Input should be 'classifier-free' or 'distilled'",
        ),
        (
            f"{AT['ssd-1b']}.negative_prompt",
            SSD,
            f"{SSD}    guidance: distilled\n",
            "the second pass of classifier-free",
        ),
        (f"{AT['ssd-1b']}.revision", COMMIT, COMMIT[:12], "a commit hash of 40 hex digits"),
        ("latent_spaces.sd.rgb", "      - [0.3512, 0.2297, 0.3227]\n", "", "4 rows"),
        (
            "latent_spaces.mini.colours",
            "    colours: ./",
            "    rgb: [[0, 0, 0]]\n    colours: ./",
            "name one of the two",
        ),
        ("latent_spaces.sd.taesd_revision", f"taesd_revision: {TO_BE_PINNED}", "taesd_revision: main", "commit hash"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_accepted(
    written: Written, at: str, old: str, new: str, accepted: str
) -> None:
    message = refusal(written(changed(old, new)))
    assert f": {at}: " in message
    assert accepted in message


def test_the_line_is_the_one_of_the_value(written: Written) -> None:
    text = changed(COMMIT, "main")
    assert f"config.yaml, line {line_of(text, 'revision: main')}: {AT['ssd-1b']}.revision: " in refusal(written(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the file: keys and their values are expected here, but it is null"),
        ("# nothing yet\n", "keys and their values are expected"),
        ("- a\n- b\n", "keys and their values are expected"),
        ("models: [1\n", "line 2: expected ',' or ']'"),
        ("device: auto: cpu\n", "line 1: mapping values are not allowed here"),
        ("a: !!python/object/apply:os.getcwd []\n", "line 1: could not determine a constructor"),
        ("device: *elsewhere\n", "line 1: found undefined alias"),
        ("models: &all [*all]\n", "not the YAML that we expect"),
        ("default_model: 2024-99-99\n", "not the YAML that we expect"),
        ("? [a]\n: b\n", "line 1: found unhashable key"),
    ],
)
def test_what_is_no_configuration_is_refused(written: Written, text: str, said: str) -> None:
    assert said in refusal(written(text))


def test_a_key_that_stands_twice_is_refused_where_it_stands_again(written: Written) -> None:
    text = changed("resident: 1 ", "resident: 1\nresident: 2 ")
    assert f"line {line_of(text, 'resident: 2')}: key 'resident' stands twice." in refusal(written(text))


def test_a_missing_key_is_named(written: Written) -> None:
    assert ": models.0.latent_space: this key is missing." in refusal(written(changed("    latent_space: *mini\n", "")))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "No such file or directory). Name another with --config." in refusal(tmp_path / "none.yaml")
    assert "Is a directory" in refusal(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("device: café".encode("latin-1"))
    assert "not the YAML that we expect" in refusal(tmp_path / "latin.yaml")


def test_a_folder_needs_no_revision(written: Written) -> None:
    text = changed("repo: segmind/SSD-1B", "repo: ./ssd").replace(f"    revision: {COMMIT}\n", "")
    assert load(written(text)).models[2].local


@pytest.mark.parametrize(("said", "policy"), [("off", "off"), ('"off"', "off"), ("block", "block"), ("null", None)])
def test_a_bare_off_is_the_policy_of_that_name(written: Written, said: str, policy: str | None) -> None:
    assert load(written(changed("policy: null  ", f"policy: {said}  "))).safety.policy == policy


@pytest.mark.parametrize("said", ["on", "true", "strict", "0"])
def test_a_policy_that_is_none_is_refused(written: Written, said: str) -> None:
    assert "safety.policy: Input should be 'off', 'blur' or 'block'" in refusal(
        written(changed("policy: null  ", f"policy: {said}  "))
    )


COMMENTS = " ".join(line.partition("#")[2] for line in TEXT.splitlines())
WORDS = {word.strip(",.;:()") for word in COMMENTS.split()}


@pytest.mark.parametrize("data", [ModelSpec, LatentSpace, Range, Size, Licence])
def test_every_key_of_a_model_is_explained_in_a_comment(data: type[Data]) -> None:
    assert set(data.model_fields) <= WORDS


@pytest.mark.parametrize("data", [Config, Server, Gallery, Comparison, Preview, Queue, Limits, Safety])
def test_every_choice_is_set_and_explained_where_it_stands(data: type[Data]) -> None:
    sections = {name for name, value in yaml.safe_load(TEXT).items() if isinstance(value, dict | list)}
    explained = {line.split(":")[0].strip() for line in TEXT.splitlines() if "# " in line.partition(":")[2]}
    assert set(data.model_fields) - sections <= explained
