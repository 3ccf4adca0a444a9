"""Tags are kept, read back, replaced and deleted; damaged ones are left out."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.numpy

from vae.errors import SelectionError
from vae.selection import tag_files
from vae.selection.tag_files import Tag

ID = "ab" * 32
ROWS = np.array([2, 3, 50])


def names(count: int = 100) -> list[str]:
    return [tag.name for tag in tag_files.saved(ID, count)]


@pytest.mark.parametrize("name", ["odd ones", "=1+1", "../../etc", "ä" * 40, "a+b", "class:3"])
def test_a_tag_reads_back_under_any_name_and_no_name_is_a_path(name: str) -> None:
    before = tag_files.stamps(ID)
    tag_files.save(ID, Tag(name, ROWS))
    assert tag_files.stamps(ID) != before
    (found,) = tag_files.saved(ID, 100)
    assert found.name == name
    np.testing.assert_array_equal(found.rows, ROWS)
    assert tag_files.path_of(ID, name).parent == tag_files.path_of(ID, "x").parent
    assert tag_files.saved("cd" * 32, 100) == []


def test_rows_beyond_what_is_on_the_map_are_no_part_of_it() -> None:
    tag_files.save(ID, Tag("a", ROWS))
    np.testing.assert_array_equal(tag_files.saved(ID, 50)[0].rows, [2, 3])
    assert tag_files.saved(ID, 2) == []


def test_one_of_the_same_name_gives_way_only_where_that_is_asked_for() -> None:
    tag_files.save(ID, Tag("a", ROWS))
    with pytest.raises(SelectionError, match="already a tag 'a'"):
        tag_files.save(ID, Tag("a", ROWS[:1]))
    tag_files.replace(ID, Tag("a", ROWS[:1]))
    np.testing.assert_array_equal(tag_files.saved(ID, 100)[0].rows, [2])
    tag_files.delete(ID, "a")
    tag_files.delete(ID, "a")
    assert names() == []


@pytest.mark.parametrize("name", ["", " ", " a", "a\nb", "\u202ea", "x" * 41, "a + b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(SelectionError, match="no name for a tag"):
        tag_files.save(ID, Tag(name, ROWS))
    assert names() == []


def test_no_images_and_too_many_tags_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SelectionError, match="at least one"):
        tag_files.save(ID, Tag("a", ROWS[:0]))
    monkeypatch.setattr(tag_files, "MAX_TAGS", 2)
    tag_files.save(ID, Tag("a", ROWS))
    tag_files.save(ID, Tag("b", ROWS))
    with pytest.raises(SelectionError, match="at most 2"):
        tag_files.save(ID, Tag("c", ROWS))
    tag_files.replace(ID, Tag("b", ROWS[:2]))
    assert names() == ["a", "b"]


@pytest.mark.parametrize(
    "rows", [[3, 2], [2, 2], [-1, 2], [], [[1, 2]], np.array([1.0, 2.0]), np.array([1, 2], np.int32)], ids=str
)
def test_a_forged_file_is_no_tag(rows: object) -> None:
    tag_files.save(ID, Tag("a", ROWS))
    tag_files.save(ID, Tag("b", ROWS))
    forged = np.asarray(rows) if not isinstance(rows, list) else np.array(rows, np.int64)
    tag_files.path_of(ID, "a").write_bytes(safetensors.numpy.save({"rows": forged}, {"tag": "a"}))
    assert names() == ["b"]
    # nor one under another's name
    tag_files.path_of(ID, "a").write_bytes(tag_files.path_of(ID, "b").read_bytes())
    assert names() == ["b"]
