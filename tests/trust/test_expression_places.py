"""Arguments of functions that are places."""

from monai_ext.trust.expression_places import written_places


def test_the_argument_that_is_a_place_is_found_by_position_and_by_name():
    assert written_places("$begin_from(@n, @w, @run_dir / 'x')") == ["$@run_dir / 'x'"]
    assert written_places("$begin_from(@n, @w, output_dir=@a#b)") == ["$@a::b"]
    assert written_places("$items_to_score(@s, 'test', @c, '/etc')[0]") == ["$'/etc'"]
    assert written_places("$f(path='/etc')") == ["$'/etc'"]


def test_without_one_nothing_is_written():
    assert written_places("$begin_from(@n, @w)") == []
    assert written_places("$@n.to(@device)") == []
