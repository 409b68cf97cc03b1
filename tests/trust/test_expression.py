"""The grammar of expressions, from both sides."""

import pytest

from monai_ext.trust.expression import expression_faults, imported_name

GOOD = [
    "$@split.test",
    "$16 if @device.type == 'cuda' else 2",
    "$str(@bundle_root) + '/models/model.pt'",
    "$-(-@steps // @epoch_steps)",
    "$@validate#handlers + [@text_at_test, @prototype_sheets]",
    "$(item['image'] for item in @train#dataset)",
    "$[x for x in @levels if x > 0]",
    "$dict() if @ema is None else dict(trained_network=@network, ema=@ema)",
    "$@text().shape[1]",
    "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
    "$monai.utils.set_determinism(seed=@seed)",
    "$@train#handlers[0:2]",
    "$@a | @b",
    "$not @is_first and @x in (1, 2)",
    "$import torch",
    "$from monai_ext.flags import as_path",
]
BAD = {
    "$open('x')": "name open",
    "$getattr(@a, 'b')": "name getattr",
    "$@a.__class__": "attribute __class__",
    "$@a.write_text('x')": "attribute write_text",
    "$torch.load('x')": "name torch.load",
    "$torch.hub": "name torch.hub",
    "$torch": "name torch",
    "$torch.float32.__class__": "name torch.float32.__class__",
    "$torch.device('cpu').__class__": "attribute __class__",
    "$lambda: 1": "Lambda in an expression",
    "$(yield)": "Yield in an expression",
    "$await_(1)": "name await_",
    "$f'{@a}'": "JoinedStr in an expression",
    "$@a ** 9": "Pow in an expression",
    "$1 << 99999": "LShift in an expression",
    "$@a % 'x'": "Mod in an expression",
    "$'a' * 9": "a text or a list many times",
    "$9 * [1]": "a text or a list many times",
    "$b'a'": "constant of bytes",
    "$1j": "constant of complex",
    "$'@a'": "a reference inside a text",
    "$@ + 1": "a reference without a name",
    "$f(*@a)": "Starred in an expression",
    "$len(**@a)": "arguments of a dictionary",
    "$(a := 1)": "NamedExpr in an expression",
    "$begin_from": "begin_from without a call",
    "$[0 for eval in [1]]": "eval as a variable",
    "$[0 for @a in [1]]": "as a variable",
    "$[0 for @a.training in [1]]": "as a variable",
    "$[0 for @a[0] in [1]]": "as a variable",
    "$[0 for monai.data in [1]]": "name monai.data",
    "$[x(1) for x in @a]": "a call of what has no name",
    "$@a[0](1)": "a call of what has no name",
    "$(f if @a else f)(1)": "a call of what has no name",
    "$@imports::0": "a reference to imports",
    "$99999999999": "a number beyond 1000000",
    "$1e999": "a number beyond 1000000",
    "$range(9)": "name range",
    "$import os": "import of os",
    "$import torch.hub": "import of torch.hub",
    "$from os import path": "import of os.path",
    "$import torch as monai": "import of several names",
    "$from monai_ext.flags import as_path, as_bool": "import of several names",
    "$from . import x": "import of several names",
    "$import torch; 1": "no expression",
    "$ 1": None,
    "$1 +": "no expression",
    "$\x00": "no expression",
    "$" + "(" * 240 + ")" * 240: "no expression",
    "$" + "1+" * 300 + "1": "602 characters, more than 500",
}


@pytest.mark.parametrize("text", GOOD)
def test_what_bundles_need_passes(text):
    assert expression_faults(text, {"as_path"}) == []


@pytest.mark.parametrize("text", [text for text, fault in BAD.items() if fault])
def test_all_else_is_refused_and_named(text):
    assert any(BAD[text] in fault for fault in expression_faults(text, {"begin_from", "f"}))


def test_a_function_has_to_be_imported():
    assert expression_faults("$as_path(@a)") == ["name as_path"]
    assert expression_faults("$as_path(@a)", {"as_path"}) == []


def test_names_that_look_like_letters_are_read_as_python_reads_them():
    assert expression_faults("$\uff4fpen('x')") == ["name open"]


def test_a_stand_in_cannot_be_written_by_hand_for_another_thing():
    assert expression_faults("$reference_0_of_config") == ["a name that stands for references here"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("$import torch", ("torch", "torch")),
        ("$from a.b import c", ("a.b.c", "c")),
        ("$import torch as t", ("", "")),
        ("$import_(1)", None),
        ("$1", None),
        ("$(", None),
    ],
)
def test_imports_are_told_from_expressions(text, name):
    assert imported_name(text) == name
