"""Chat templates: what Knapsack states of them against what Jinja's sandbox does, as transformers sets it up."""

import json
import random
from pathlib import Path

import jinja2
import pytest
from cli import manifest
from project import FIXTURES
from jinja2.sandbox import ImmutableSandboxedEnvironment
from transformers.utils.chat_template_utils import _compile_jinja_template

TEMPLATES = json.loads((FIXTURES / "templates" / "templates.json").read_text())
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "How are you?"},
    {"role": "assistant", "content": "<think>Hm.</think>\nFine."},
]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"properties": {"x": {"type": "string"}}}}}
CONTEXT = {
    "messages": MESSAGES,
    "tools": [TOOL],
    "add_generation_prompt": True,
    "bos_token": "<s>",
    "eos_token": "</s>",
}


def reviewed(knapsack, directory: Path, templates: dict[str, str]) -> set[str]:
    """The names of the templates that a check refuses."""
    entries = []
    for number, text in enumerate(templates.values()):
        model = directory / f"model-{number}"
        model.mkdir(parents=True)
        (model / "tokenizer_config.json").write_text(json.dumps({"chat_template": text}))
        entry = {"name": f"m{number}", "source": f"path:model-{number}", "allow": ["weights-missing"]}
        entries.append(entry)
    path = directory / "models.toml"
    path.write_text(manifest(model=entries))
    knapsack("lock", path).expect(0)
    findings = knapsack("check", path, "--json").expect(0, 1).json()["findings"]
    names = list(templates)
    refused = [found["message"].split(":")[0] for found in findings if found["code"] == "template-unsafe"]
    return {names[int(name.removeprefix("m"))] for name in refused}


@pytest.mark.smoke
def test_every_hostile_template_is_found_and_no_ordinary_one(knapsack, tmp_path):
    hostile = TEMPLATES["hostile"]
    found = reviewed(knapsack, tmp_path, {**hostile, **TEMPLATES["kept"]})
    assert found == set(hostile)


@pytest.mark.parametrize("name", TEMPLATES["kept"])
def test_ordinary_templates_run_in_the_sandbox(name):
    template = _compile_jinja_template(TEMPLATES["kept"][name])
    try:
        template.render(**CONTEXT)
    except jinja2.exceptions.SecurityError:
        raise
    except jinja2.exceptions.TemplateError as error:
        assert "alternate" in str(error)


class Watched(ImmutableSandboxedEnvironment):
    """The sandbox, noting whatever it keeps from a template."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.refused = []

    def is_safe_attribute(self, obj, attr, value):
        # Methods that would change a list or a dictionary are refused here too, and lead nowhere.
        if not super(ImmutableSandboxedEnvironment, self).is_safe_attribute(obj, attr, value):
            self.refused.append(attr)
        return super().is_safe_attribute(obj, attr, value)


def escapes(text: str) -> bool:
    """Whether a template tries to get at something that the sandbox keeps from it."""
    watched = Watched(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    try:
        watched.from_string(text).render(**CONTEXT)
    except Exception:  # noqa: BLE001: what a template fails by does not matter here
        pass
    return bool(watched.refused)


def mixed(generator: random.Random) -> str:
    """A template of pieces that put names together in all sorts of ways, and look something up by them."""
    under = generator.choice(
        ["'__'", "'_' ~ '_'", "'_' * 2", "'\\x5f_'", "['_', '_']|join", "'%c%c'|format(95, 95)", "'..'|replace('.', '_')"]
    )
    word = generator.choice(["'class'", "'ssalc'|reverse", "'CLASS'|lower", "'cl' ~ 'ass'", "'class '|trim"])
    name = f"({under}) ~ ({word}) ~ ({under})"
    giving = generator.choice(
        [
            "{%% set n = %s %%}",
            "{%% set n %%}{{ %s }}{%% endset %%}",
            "{%% set ns = namespace(v='role') %%}{%% set ns.v = %s %%}{%% set n = ns.v %%}",
            "{%% macro m() %%}{{ %s }}{%% endmacro %%}{%% set n = m() %%}",
            "{%% set n = [%s][0] %%}",
            "{%% set n = {'k': %s}.k %%}",
            "{%% set n = {'k': %s}['k'] %%}",
            "{%% set n = (%s) if messages else 'role' %%}",
            "{%% set n = nothing|default(%s) %%}",
            "{%% set n = nothing or (%s) %%}",
            "{%% set n = [%s]|first %%}",
            "{%% set n = [%s]|map('lower')|list|last %%}",
            "{%% set n = {}.get('x', %s) %%}",
            "{%% set n, o = %s, 1 %%}",
            "{%% set n = (%s).strip() %%}",
            "{%% set n = (%s).split(' ')[0] %%}",
        ]
    )
    using = generator.choice(
        [
            "{{ messages[n] }}",
            "{{ messages|attr(n) }}",
            "{{ messages|map(attribute=n)|list }}",
            "{{ messages|selectattr(n)|list }}",
            "{{ messages|sort(attribute=n) }}",
            "{{ messages|groupby(n) }}",
            "{% for k in [n] %}{{ messages[k] }}{% endfor %}",
            "{% macro f(k) %}{{ messages[k] }}{% endmacro %}{{ f(n) }}",
            "{% with k = n %}{{ messages[k] }}{% endwith %}",
            "{{ ('{0.' ~ n ~ '}').format(messages) }}",
            "{{ messages[n|string] }}",
            "{{ messages[n[:]] }}",
        ]
    )
    return giving % name + using


@pytest.mark.smoke
def test_whatever_the_sandbox_stops_is_found(knapsack, tmp_path):
    generator = random.Random(20261001)
    templates = {f"{number}": mixed(generator) for number in range(300)}
    stopped = {name for name, text in templates.items() if escapes(text)}
    assert len(stopped) > 200
    found = reviewed(knapsack, tmp_path, templates)
    assert not {templates[name] for name in stopped - found}
