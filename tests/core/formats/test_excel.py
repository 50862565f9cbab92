"""Excel workbooks: sheets, types by all cells, and what a cell can't hold."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from tests.core.formats.bench import Bench

from odibi_core.errors import PipelineInvalidError, SourceError, TargetError
from odibi_core.formats import format_named
from odibi_core.nodes.registry import compile_step
from odibi_core.testing import store_step


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if isinstance(cell, dt.datetime):
                        sheet.write_datetime(number, place, cell, day)
                    else:
                        sheet.write(number, place, cell)
    return path


def test_values_come_back_with_their_types(bench: Bench) -> None:
    path = bench.folder / "a.xlsx"
    bench.write(
        path,
        "SELECT 7::BIGINT AS n, 1.25 AS f, true AS b, '=1+1' AS s, DATE '2024-02-29' AS d, "
        "TIMESTAMP '2024-02-29 01:02:03.456' AS t, TIME '01:02:03' AS c, [1, 2] AS l "
        "UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, [3]",
    )

    read = bench.read(path)

    assert read.schema.as_dict() == {
        "n": "BIGINT",
        "f": "DOUBLE",
        "b": "BOOLEAN",
        "s": "VARCHAR",
        "d": "DATE",
        "t": "TIMESTAMP",
        "c": "TIME",
        "l": "VARCHAR",
    }
    day, moment = dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 1, 2, 3, 456000)
    assert read.rows[0] == (7, 1.25, True, "=1+1", day, moment, dt.time(1, 2, 3), "[1, 2]")
    assert read.rows[1] == (None,) * 7 + ("[3]",)
    assert read.row_count == 2


def test_sheets_are_named_or_numbered(bench: Bench) -> None:
    path = workbook(bench.folder / "a.xlsx", one=[["a"], [1]], two=[["b"], [2], [], [3]])

    assert bench.read(path).rows == [(1,)]
    assert bench.read(path, sheet="two").rows == bench.read(path, sheet=2).rows == [(2,), (3,)]
    with pytest.raises(SourceError, match=r"has no sheet 'tow'\n.*did you mean 'two'"):
        bench.read(path, sheet="tow")
    with pytest.raises(SourceError, match="has no sheet number 3"):
        bench.read(path, sheet=3)


def test_mixed_cells_become_text_unless_the_schema_says_otherwise(bench: Bench) -> None:
    noon = dt.datetime(2024, 1, 2, 12)
    path = workbook(bench.folder / "a.xlsx", s=[["v", "code"], ["x", 7], [1.0, 8], [noon, "NA"]])

    assert bench.read(path).rows == [("x", "7"), ("1", "8"), ("2024-01-02 12:00:00", "NA")]
    read = bench.read(path, null_values="NA", schema={"code": "SMALLINT"})
    assert (read.schema.as_dict()["code"], [row[1] for row in read.rows]) == ("SMALLINT", [7, 8, None])
    with pytest.raises(SourceError, match=r"column 'v' holds a cell that is not of type DOUBLE"):
        bench.read_told(path, schema={"v": "DOUBLE"})


def test_rows_before_the_header_are_passed_over(bench: Bench) -> None:
    path = workbook(bench.folder / "a.xlsx", s=[["Report"], ["a", "b"], [1, 2]])

    assert bench.read(path, skip=1).rows == [(1, 2)]
    assert bench.read(path, skip=2, header=False).schema.names == ("column0", "column1")


def test_two_columns_of_one_name_are_told(bench: Bench) -> None:
    path = workbook(bench.folder / "a.xlsx", s=[["a", "A"], [1, 2]])
    with pytest.raises(SourceError, match="two columns have the name 'A'"):
        bench.read(path)


EVERY_KIND = (
    "SELECT 7::BIGINT AS n, 1.25 AS f, true AS b, '=1+1' AS s, DATE '2024-02-29' AS d, "
    "TIMESTAMP '2024-02-29 01:02:03.456' AS t, TIME '01:02:03' AS c, chr(7) || ' _x0041_ ä 🙂' AS w"
)


def test_a_sheet_is_written_beside_others_as_it_is_alone(bench: Bench) -> None:
    path = workbook(bench.folder / "a.xlsx", notes=[["x"], ["n"]])
    bench.write(path, EVERY_KIND)
    bench.write(bench.folder / "alone.xlsx", EVERY_KIND)

    assert bench.read(path, sheet="notes").rows == [("n",)]
    beside, alone = bench.read(path, sheet="Sheet1"), bench.read(bench.folder / "alone.xlsx")
    assert (beside.schema, beside.rows) == (alone.schema, alone.rows)
    assert beside.rows[0][3:5] == ("=1+1", dt.date(2024, 2, 29))
    assert beside.rows[0][-1].endswith("_x0041_ ä 🙂")


def test_a_sheet_is_replaced_in_its_place_and_the_others_keep_their_looks(bench: Bench) -> None:
    path = bench.folder / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        rows, total = book.add_worksheet("rows"), book.add_worksheet("total")
        rows.write_column(0, 0, ["n", 1])
        total.write_formula("A1", "=SUM(rows!A:A)", book.add_format({"bold": True, "num_format": "0.00"}))
        total.set_column("A:A", 30)
    bench.write(path, "SELECT 5 AS n UNION ALL SELECT 6", sheet="Rows")

    kept = openpyxl.load_workbook(path)
    assert kept.sheetnames == ["Rows", "total"]
    assert [cell.value for (cell,) in kept["Rows"].iter_rows()] == ["n", 5, 6]
    formula = kept["total"]["A1"]
    assert (formula.value, formula.font.bold, formula.number_format) == ("=SUM(rows!A:A)", True, "0.00")
    assert kept["total"].column_dimensions["A"].width == pytest.approx(30, abs=1)


def test_the_modes_are_about_the_sheet(bench: Bench) -> None:
    path = bench.folder / "a.xlsx"
    bench.write(path, "SELECT 1 AS a", "error", sheet="one")
    bench.write(path, "SELECT 2 AS a", "error", sheet="two", ticket="later/save")
    assert bench.write(path, "SELECT 3 AS a", "ignore", sheet="two").skipped == "the target exists"
    with pytest.raises(TargetError, match="exists already"):
        bench.write(path, "SELECT 3 AS a", "error", sheet="ONE", ticket="third/save")
    assert [bench.read(path, sheet=number).rows for number in (1, 2)] == [[(1,)], [(2,)]]


def test_what_could_not_be_kept_beside_a_sheet_is_refused(bench: Bench) -> None:
    path = bench.folder / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        chart = book.add_chart({"type": "line"})
        sheet = book.add_worksheet("notes")
        chart.add_series({"values": "=notes!$A$1:$A$2"})
        sheet.insert_chart("C1", chart)
    before = path.read_bytes()
    with pytest.raises(TargetError, match="has other sheets, and charts and drawings that would be lost"):
        bench.write(path, "SELECT 1 AS a")
    assert path.read_bytes() == before


def test_what_in_a_kept_sheet_could_not_be_kept_is_refused(bench: Bench) -> None:
    path = bench.folder / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        notes = book.add_worksheet("notes")
        notes.add_sparkline("B1", {"range": "notes!A1:A9"})
        notes.conditional_format("A1:A9", {"type": "data_bar", "data_bar_2010": True})
    before = path.read_bytes()
    with pytest.raises(TargetError, match="sparklines and rules for colours, bars and icons that would be"):
        bench.write(path, "SELECT 1 AS a")
    assert path.read_bytes() == before


def test_words_in_bold_within_a_kept_cell_stay_bold(bench: Bench) -> None:
    path = bench.folder / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        bold = book.add_format({"bold": True})
        book.add_worksheet("notes").write_rich_string("A1", "by ", bold, "Friday", " please")
    bench.write(path, "SELECT 1 AS a")

    _, friday, _ = openpyxl.load_workbook(path, rich_text=True)["notes"]["A1"].value
    assert (friday.text, friday.font.b) == ("Friday", True)


def test_a_file_that_can_not_be_read_is_not_replaced_by_a_sheet(bench: Bench) -> None:
    path = bench.file("a.xlsx", "locked")
    with pytest.raises(
        TargetError, match=r"sheets can't be kept: the file is no workbook.*\n.*remove it first"
    ):
        bench.write(path, "SELECT 1 AS a")
    assert path.read_text() == "locked"
    path.write_bytes(b"")
    bench.write(path, "SELECT 1 AS a")
    assert bench.read(path).rows == [(1,)]


def test_a_workbook_with_a_damaged_sheet_is_told_and_left_as_it_is(bench: Bench) -> None:
    whole, path = workbook(bench.folder / "whole.xlsx", notes=[["x"], ["n"]]), bench.folder / "a.xlsx"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            cut = name == "xl/worksheets/sheet1.xml"
            new.writestr(name, old.read(name)[:-30] if cut else old.read(name))
    before = path.read_bytes()
    with pytest.raises(
        TargetError, match=r"can't be read whole so as to keep them.*\n.*save it again in Excel"
    ):
        bench.write(path, "SELECT 1 AS a")
    assert path.read_bytes() == before
    with pytest.raises(SourceError, match=r"damaged.*\n.*save it again"):
        bench.read(path)


def test_formulas_that_nothing_has_computed_since_are_not_read_as_empty_cells(bench: Bench) -> None:
    path = bench.folder / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        plan, other = book.add_worksheet("plan"), book.add_worksheet("a & b")
        plan.write_formula("A1", "=TODAY()", None, "2024-01-01")
        plan.write_row("A2", ["n", "double"])
        plan.write_number("A3", 3)
        plan.write_formula("B3", '=IF(A3>0,A3*2,"")', None, 6)
        other.write_column("A1", ["m", 1])
        other.write_formula("A3", '=""', None, "")
    assert bench.read(path, sheet="plan", skip=1).rows == [(3, 6)]
    bench.write(path, "SELECT 1 AS a")

    with pytest.raises(
        SourceError,
        match=r"formulas, such as B3, that nothing has computed.*\n.*open it in Excel and save it",
    ):
        bench.read(path, sheet="plan", skip=1)
    with pytest.raises(SourceError, match="such as A3"):
        bench.read(path, sheet="a & b")
    assert bench.read(path, sheet="Sheet1").rows == [(1,)]


def test_a_text_as_long_as_a_cell_takes_is_written_whole_beside_others(bench: Bench) -> None:
    path = workbook(bench.folder / "a.xlsx", notes=[["x"]])
    bench.write(path, "SELECT repeat('x', 32766) || chr(7) AS v")
    bench.write(bench.folder / "alone.xlsx", "SELECT repeat('x', 32766) || chr(7) AS v")
    assert bench.read(path, sheet="Sheet1").rows == bench.read(bench.folder / "alone.xlsx").rows


def test_sheets_of_like_names_are_apart_where_excel_keeps_them_apart(bench: Bench) -> None:
    path = workbook(bench.folder / "a.xlsx", Strasse=[["a"], [1]])
    bench.write(path, "SELECT 2 AS a", sheet="Straße")
    assert bench.read(path, sheet="Strasse").rows == [(1,)]


def test_a_sheet_is_easy_to_read(bench: Bench) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        path = bench.folder / name
        if name == "b.xlsx":
            workbook(path, notes=[["x"]])
        bench.write(path, "SELECT 'a rather long text of 36 letters, so' AS words, 1 AS n")
        sheet = openpyxl.load_workbook(path)["Sheet1"]
        assert sheet.freeze_panes == "A2"
        assert sheet["A1"].font.bold
        assert (sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width) == (
            pytest.approx(38, abs=1),
            pytest.approx(9, abs=1),
        )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1234567890123456", "a number of more than 15 digits"),
        ("'nan'::DOUBLE", "holds NaN or infinity"),
        ("DATE '1899-12-31'", "a date before March 1900"),
        ("repeat('x', 40000)", "a text longer than the 32,767"),
    ],
)
def test_what_a_cell_can_not_hold_is_refused(bench: Bench, value: str, reason: str) -> None:
    with pytest.raises(TargetError, match=f"column 'v' .*{reason}|column 'v' {reason}"):
        bench.write(bench.folder / "a.xlsx", f"SELECT {value} AS v")
    assert not list(bench.folder.iterdir())


def test_older_kinds_are_read_only(bench: Bench) -> None:
    with pytest.raises(TargetError, match=r"'\.xls' can't be written\n.*a\.xlsx"):
        bench.write(bench.folder / "a.xls", "SELECT 1 AS v")


def test_a_file_that_is_no_workbook_is_told(bench: Bench) -> None:
    with pytest.raises(SourceError, match="the file is no workbook, or it is damaged"):
        bench.read(bench.file("a.xlsx", "id,name\n1,x\n"))


@pytest.mark.parametrize("mode", ["append", "merge"])
def test_adding_to_a_workbook_is_refused_before_a_run(mode: str) -> None:
    node = compile_step(
        store_step("s", "a.xlsx", "d", mode=mode, merge_key="id" if mode == "merge" else ()), Path()
    )

    told = str(PipelineInvalidError(node.problems))
    assert f"excel can't be written with mode '{mode}'. Use one of overwrite, error, ignore" in told


def test_probing_gives_the_schema_of_the_scan(bench: Bench) -> None:
    path = workbook(bench.folder / "a.xlsx", s=[["a", "b"], [1, "x"]])
    excel = format_named("excel")

    assert excel.probe(str(path), excel.read_options(), bench.cursor) == bench.read(path).schema
