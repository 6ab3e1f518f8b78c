"""A report shows itself: in a notebook, to Rich, to `print`, and as a data frame."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import pytest
from rich.console import Console

import cnncalc
from cnncalc.render.console import rendered
from cnncalc.render.report import document

VOID = {"br"}


class Reader(HTMLParser):
    """The texts of table cells by row; fails where elements are not nested."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("name", ["vgg16", "googlenet", "unet"])
def test_html_has_the_tables_rows(name: str) -> None:
    found = cnncalc.analyze(name)
    reader = read(found._repr_html_())
    cells = [row for row in reader.rows if len(row) == 7][1:]
    assert len(cells) == len(found.layers)
    assert [row[0].strip() for row in cells] == [
        layer.name.rpartition(".")[2] for layer in found.layers
    ]
    shown = rendered(document(found))
    for row in cells[::7]:
        assert all(cell in shown for cell in row)
    assert any(f"{found.totals.params:,}" in row for row in reader.rows)


def test_html_has_no_script_and_asks_for_nothing() -> None:
    html = cnncalc.analyze("alexnet")._repr_html_()
    reader = read(html)
    assert not reader.seen & {"script", "link", "img", "iframe", "style", "object"}
    assert reader.attributes <= {"style", "scope", "colspan"}
    assert "url(" not in html
    assert len(html) < 60_000


def test_bars_are_shares_of_the_largest() -> None:
    html = cnncalc.analyze("vgg16")._repr_html_()
    assert html.count("bottom/80% 3px") >= 3


def test_print_and_repr() -> None:
    found = cnncalc.analyze("vgg16")
    assert str(found) == rendered(document(found)).rstrip("\n")
    assert repr(found) == (
        "<Report VGG-16: 40 layers, 138.4M parameters, 15.5G MACs, "
        "input 3×224×224 · batch 1 · float32>"
    )


def test_rich_prints_it_on_any_console() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=100, force_terminal=True, color_system="standard")
    console.print(cnncalc.analyze("lenet5"))
    text = stream.getvalue()
    assert "\x1b[35m" in text  # MACs are magenta, though that console knows no such role
    assert "416,520" in text
    console.print("[bold]still itself[/]")


def test_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    found = cnncalc.analyze("resnet18", batch=2)
    frame = found.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.index) == [layer.name for layer in found.layers]
    for column in ("params", "weights", "biases", "buffers", "macs", "flops", "activations"):
        assert frame[column].sum() == getattr(found.totals, column), column
    assert frame["activation_bytes"].sum() == found.totals.activation_bytes
    assert frame["output_shape"].iloc[0] == (64, 112, 112)
    assert frame["receptive_field"].iloc[0] == (7, 7)
    folded = found.to_pandas(depth=1)
    assert len(folded) < len(frame)
    assert folded["params"].sum() == found.totals.params


def test_pandas_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(cnncalc.UsageError) as caught:
        cnncalc.analyze("lenet5").to_pandas()
    assert 'pip install "cnncalc[pandas]"' in str(caught.value.hint)
