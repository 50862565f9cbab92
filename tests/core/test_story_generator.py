"""Stories as a reader gets them: a lineage file in, one HTML file out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from odibi_core.errors import OdibiError
from odibi_core.story_generator import StoryGenerator

LINEAGES = Path(__file__).parent / "story" / "lineages"

INLINE = ("bdi", "strong", "code", "a", "span", "b", "s", "i")
MINUS = "\N{MINUS SIGN}"

Lineage = dict[str, Any]
Tell = Callable[[Lineage], str]


class Page(HTMLParser):
    """What a browser would make of a page: its visible text, its tags, its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self._text: list[str] = []
        self._hidden = ""
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join("".join(self._text).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("script", "style"):
            self._hidden = tag
        if tag not in INLINE:
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""
        if tag not in INLINE:
            self._text.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._text.append(data)


def load(name: str) -> Lineage:
    lineage: Lineage = json.loads((LINEAGES / f"{name}.json").read_text(encoding="utf-8"))
    return lineage


@pytest.fixture
def tell(tmp_path: Path) -> Tell:
    """Makes the story of a lineage and gives its HTML."""

    def make(lineage: Lineage) -> str:
        source = tmp_path / "lineage.json"
        source.write_text(json.dumps(lineage), encoding="utf-8")
        return StoryGenerator().generate_story(source, tmp_path / "story.html").read_text(encoding="utf-8")

    return make


def chain(length: int) -> Lineage:
    """A run of `length` steps, each reading the one before it."""
    lineage = load("medallion")
    template = lineage["steps"][2]
    lineage["steps"] = [
        template
        | {"step_name": f"step_{n}", "inputs": {"t": f"d{n - 1}"} if n else {}, "outputs": {"data": f"d{n}"}}
        for n in range(length)
    ]
    lineage["edges"] = [
        {"from": f"step_{n - 1}", "to": f"step_{n}", "dataset": f"d{n - 1}", "row_count": n}
        for n in range(1, length)
    ]
    return lineage


def test_the_page_says_what_happened_before_everything_else(tell: Tell) -> None:
    text = Page(tell(load("medallion"))).text
    assert re.search(r"Succeeded customer_medallion .* took 2\.41 s · engine pandas", text)
    assert "Steps 7 all done Rows in 12,480 1 source Rows out 22,421 3 targets" in text
    assert "Rejected rows 17 set aside, not lost Retries 1" in text


def test_a_failed_run_begins_with_the_error_where_it_is_and_how_to_mend_it(tell: Tell) -> None:
    text = Page(tell(load("failed"))).text
    told = text[text.index("What went wrong") : text.index("Rows in")]
    assert "Step dedupe_customers (transform in silver) failed." in told
    assert "Where: step 'dedupe_customers', value, line 3" in told
    assert 'column "custmer_id" is not among the inputs of the step' in told
    assert "To mend it: did you mean 'customer_id'?" in told


def test_every_failed_step_counts_where_the_others_went_on(tell: Tell) -> None:
    lineage = load("failed")
    lineage["steps"][4] |= {"status": "failed", "error_message": "no space left", "skipped_reason": None}
    assert "1 more step failed too; their cards below are open." in Page(tell(lineage)).text


def test_a_skipped_step_says_why(tell: Tell) -> None:
    text = Page(tell(load("failed"))).text
    assert "Skipped: dedupe_customers failed, and this step needs its output" in text


def test_a_card_shows_rows_before_and_after_with_the_share(tell: Tell) -> None:
    assert f"12,480 → 10,241 rows {MINUS}2,239 ({MINUS}17.9 %)" in Page(tell(load("medallion"))).text


def test_a_card_tells_schema_changes_in_words(tell: Tell) -> None:
    text = Page(tell(load("medallion"))).text
    assert "Columns 1 changed, 5 unchanged ~ changed signed_up VARCHAR → DATE" in text
    assert "+ added customer_count BIGINT" in text
    assert f"{MINUS} removed email VARCHAR" in text


def test_a_sample_tells_null_from_the_text_null_and_from_empty_text(tell: Tell) -> None:
    html = tell(load("medallion"))
    assert (
        '<td class="null number">null</td><td><bdi>null</bdi></td><td class="empty">empty text</td>' in html
    )


def test_a_sample_says_that_it_is_only_the_first_rows(tell: Tell) -> None:
    assert "raw_customers · The first 5 rows, not a random sample" in Page(tell(load("medallion"))).text


def test_rejected_rows_are_said_with_the_place_where_they_are_kept(tell: Tell) -> None:
    kept = ".odibi/runs/20261124T161500-9f3a7c21/rejects/ingest_customers.csv"
    assert f"17 rows rejected. Kept with the reasons in {kept}" in Page(tell(load("medallion"))).text


def test_inferred_counts_and_the_time_of_a_region_are_labelled(tell: Tell) -> None:
    text = Page(tell(load("fused"))).text
    assert "10,241 → 9,938 rows (inferred)" in text
    assert "324 ms is the time of its region (r2): steps that ran as one query" in text
    assert "324 ms · region of 4 steps" in text
    assert "Fused: neighbouring SQL steps ran as one query" in text


def test_counts_that_nobody_made_are_not_shown_as_zero(tell: Tell) -> None:
    lineage = load("medallion")
    for snapshot in ("after_snapshot", "before_snapshot"):
        lineage["steps"][0][snapshot] = None
    assert "Rows in — not counted, 1 source" in Page(tell(lineage)).text


def test_parameters_run_id_and_tracking_are_on_the_page(tell: Tell) -> None:
    text = Page(tell(load("medallion"))).text
    assert "Run id 20261124T161500-9f3a7c21" in text
    assert "Parameters date 2024-01-01 region north" in text
    assert "Exact: every step ran on its own" in text


def test_moments_are_readable_without_a_script(tell: Tell) -> None:
    assert "2026-11-24 16:15:00 UTC" in Page(tell(load("medallion"))).text


def test_the_page_points_at_what_deserves_a_look(tell: Tell) -> None:
    text = Page(tell(load("medallion"))).text
    assert "Worth a look ingest_customers set 17 rows aside, kept in" in text
    assert "save_silver_customers was tried again once." in text
    assert "save_silver_customers took 1.40 s, 58% of the run." in text


def test_nothing_of_a_hostile_run_becomes_markup(tell: Tell) -> None:
    page = Page(tell(load("hostile")))
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text


def test_only_web_addresses_become_links(tell: Tell) -> None:
    page = Page(tell(load("hostile")))
    links = {value for tag, name, value in page.attributes if tag == "a" and name == "href"}
    outside = {link for link in links if not link.startswith("#")}
    assert outside == {'https://example.org/hook?a=1&b="><script>alert(11)</script>'}
    assert "javascript:alert(8)" in page.text


def test_a_character_that_turns_text_round_is_made_visible(tell: Tell) -> None:
    html = tell(load("hostile"))
    assert "\u202e" not in html
    assert "out/[RLO]gpj.exe" in Page(html).text


def test_half_of_a_surrogate_pair_does_not_stop_the_story(tell: Tell) -> None:
    lineage = load("one_step")
    lineage["steps"][0]["step_name"] = "half \ud83d"
    assert r"half \ud83d" in tell(lineage)


def test_the_page_allows_its_own_script_and_style_alone_and_loads_nothing(tell: Tell) -> None:
    html = tell(load("medallion"))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'; img-src data:; "
        r"base-uri 'none'; form-action 'none'",
        policy[1],
    )
    loaded = [value for tag, name, value in Page(html).attributes if name == "src" or tag == "link"]
    assert loaded == ["icon", "data:,"]
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_the_title_is_the_pipelines_name_or_the_one_given(tmp_path: Path) -> None:
    story = StoryGenerator().generate_story(
        LINEAGES / "medallion.json", tmp_path / "deep" / "story.html", title="Monday's customers"
    )
    text = Page(story.read_text(encoding="utf-8")).text
    assert story == tmp_path / "deep" / "story.html"
    assert "Succeeded Monday's customers Pipeline customer_medallion" in text


def test_a_run_of_one_step_and_a_run_of_none_have_a_story(tell: Tell) -> None:
    assert "Graph of 1 step" in tell(load("one_step"))
    empty = Page(tell(load("one_step") | {"steps": [], "edges": []})).text
    assert "This pipeline has no steps." in empty


def test_a_step_that_never_started_is_told_as_such(tell: Tell) -> None:
    lineage = load("one_step") | {"state": "cancelled", "end_time": None, "total_duration_ms": None}
    lineage["steps"][0] |= {"status": "pending", "start_time": None, "duration_ms": None, "end_time": None}
    text = Page(tell(lineage)).text
    assert text.startswith("hello: cancelled")
    assert "never started" in text


def test_the_same_lineage_gives_the_same_bytes(tell: Tell) -> None:
    assert tell(load("medallion")) == tell(load("medallion"))


@pytest.mark.parametrize(("steps", "megabytes"), [(500, 3), (1_000, 6)])
def test_a_large_run_keeps_every_step_in_a_page_of_sensible_size(
    tell: Tell, steps: int, megabytes: int
) -> None:
    html = tell(chain(steps))
    assert html.count('<details class="card') == steps
    assert f"With {steps:,} steps, each card shows less" in html
    assert len(html) < megabytes * 1_000_000


def test_what_a_card_leaves_out_is_counted(tell: Tell) -> None:
    lineage = load("one_step")
    lineage["steps"][0] |= {"type": "sql", "value": "SELECT " + "1 + " * 6_000 + "1"}
    assert "… 4,008 more characters" in Page(tell(lineage)).text


def test_a_story_that_can_not_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OdibiError, match="a file stands where a folder should be"):
        StoryGenerator().generate_story(LINEAGES / "medallion.json", tmp_path / "file" / "story.html")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_story_never_takes_the_place_of_a_folder_or_of_its_lineage(tmp_path: Path) -> None:
    with pytest.raises(OdibiError, match="can't take the place of a folder"):
        StoryGenerator().generate_story(LINEAGES / "medallion.json", tmp_path)
    lineage = tmp_path / "lineage.json"
    lineage.write_bytes((LINEAGES / "medallion.json").read_bytes())
    with pytest.raises(OdibiError, match="the lineage that it is made from"):
        StoryGenerator().generate_story(lineage, tmp_path / "." / "lineage.json")
    assert lineage.read_bytes() == (LINEAGES / "medallion.json").read_bytes()


def test_a_lineage_whose_edges_go_round_is_refused_with_its_file(tmp_path: Path) -> None:
    lineage = load("medallion")
    lineage["edges"].append({"from": "save_gold_summary", "to": "ingest_customers"})
    source = tmp_path / "lineage.json"
    source.write_text(json.dumps(lineage))
    with pytest.raises(OdibiError, match="go round in a circle") as caught:
        StoryGenerator().generate_story(source, tmp_path / "story.html")
    assert caught.value.where == str(source)
    assert not (tmp_path / "story.html").exists()
