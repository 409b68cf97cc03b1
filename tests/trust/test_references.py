"""References become names that Python can parse."""

from monai_ext.trust.references import STAND_IN, parse_references


def test_ids_are_kept_in_order_with_their_parts():
    text, ids = parse_references("@a#b::0 + f(@c.d, @a)")
    assert ids == ["a::b::0", "c", "a"]
    stand_ins = [match.group(0) for match in STAND_IN.finditer(text)]
    assert text == "{} + f({}.d, {})".format(*stand_ins)
    assert len(set(stand_ins)) == 3


def test_a_bare_sign_is_an_empty_id():
    assert parse_references("1 @ 2")[1] == [""]
