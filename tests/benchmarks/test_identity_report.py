"""The measured tables of docs/identity.md are written between its markers, and nowhere else."""

import pytest

from benchmarks.identity import report


def test_lines_replace_what_stands_between_the_markers() -> None:
    document = f"before\n{report.START}old\n{report.END}\nafter\n"
    assert report.written(document, "new\n") == f"before\n{report.START}new\n{report.END}\nafter\n"


def test_a_document_without_markers_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no markers"):
        report.written(f"before\n{report.START}after\n", "new\n")


def test_the_document_has_the_markers() -> None:
    assert "new\n" in report.written(report.DOCUMENT.read_text("utf-8"), "new\n")


def test_every_way_through_a_stream_tells_every_score() -> None:
    scores = dict.fromkeys(report.SCORES, 1.0) | {"events": 2.0}
    lines = list(report.stream_table(scores))
    assert len({line.count("|") for line in lines}) == 1
