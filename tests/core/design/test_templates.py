"""Templates are pipelines that work, in texts that a person would go on with."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from odibi_core.design.python_form import dump_python, load_python
from odibi_core.design.templates import Template, find_template, templates
from odibi_core.design.yaml_text import MODELINE
from odibi_core.errors import PipelineInvalidError, UnknownNameError
from odibi_core.orchestrator import Orchestrator

SAMPLE_DATA = Path(__file__).parents[3] / "sample_data" / "data"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A workspace with the data that the templates read."""
    shutil.copytree(SAMPLE_DATA, tmp_path / "data")
    yesterday = dt.datetime.now(tz=dt.UTC).date() - dt.timedelta(days=1)
    for day in range(-1, 2):
        date = yesterday + dt.timedelta(days=day)
        shutil.copy(SAMPLE_DATA / "sales.csv", tmp_path / "data" / f"sales_{date}.csv")
    (tmp_path / "data" / "landing").mkdir()
    (tmp_path / "data" / "landing" / "1.csv").write_text("id,priority\n1,HIGH\n2,LOW\n", encoding="utf-8")
    (tmp_path / "odibi.toml").write_text("", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.name)
def test_a_template_says_what_it_is_and_survives_both_forms(template: Template) -> None:
    assert template.text.startswith(MODELINE)
    assert template.description == template.pipeline.description != ""
    assert template.name == template.pipeline.name
    assert load_python(dump_python(template.pipeline)) == template.pipeline


@pytest.mark.parametrize("name", ["first_csv", "medallion", "streaming", "scheduled_batch"])
def test_a_template_runs_on_the_sample_data(shop: Path, name: str) -> None:
    with Orchestrator(find_template(name).pipeline, workspace=shop).execute() as result:
        assert result.errors == {}
        assert result.success


def test_the_cloud_template_says_which_connection_it_needs(shop: Path) -> None:
    with pytest.raises(PipelineInvalidError, match="there is no connection 'my_storage'"):
        Orchestrator(find_template("cloud").pipeline, workspace=shop).validate()


def test_an_unknown_template_is_answered_with_near_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'medallion'"):
        find_template("medalion")
