"""Configs that would touch a file named SENTINEL if MONAI ran them; files beside them by name."""

OPEN = "open('SENTINEL', 'w')"
TOUCH = "touch 'SENTINEL'"
_EVIL_MODULE = "from pathlib import Path\n\ndef touch(path):\n    Path(path).touch()\n"


def run(*items, **others):
    return {**others, "run": list(items)}


RUN_BY_MONAI = {
    "import_in_expression": run(f'$__import__("os").system("{TOUCH}")'),
    "open": run(f"${OPEN}"),
    "eval": run(f'$eval("{OPEN}")'),
    "exec": run(f'$exec("{OPEN}")'),
    "compile": run(f'$eval(compile("{OPEN}", "x", "eval"))'),
    "subclasses": run(
        "$[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0]"
        "(['touch', 'SENTINEL']).wait()"
    ),
    "import_statement": run(f'$os.system("{TOUCH}")', imports=["$import os"]),
    "from_import": run(f'$system("{TOUCH}")', imports=["$from os import system"]),
    "target_of_os": run({"_target_": "os.mkdir", "path": "SENTINEL"}),
    "target_of_subprocess": run({"_target_": "subprocess.run", "args": ["touch", "SENTINEL"]}),
    "target_as_expression": run({"_target_": "$__import__('os').mkdir", "path": "SENTINEL"}),
    "target_as_reference": run(
        {"_target_": "@make", "path": "SENTINEL"}, make="$__import__('os').mkdir"
    ),
    "disabled": run({"_target_": "Compose", "_disabled_": f"${OPEN}"}),
    "requires": run({"_target_": "Compose", "_requires_": [f"${OPEN}"]}),
    "deep_inside": run({"_target_": "Compose", "transforms": [f"$[{OPEN}][:0]"]}),
    "reference_to_it": run("@other", other={"inner": [f"${OPEN}"]}),
    "part_of_another_file": {
        **run("%FOLDER/other.json::evil"),
        "other.json": {"evil": f"${OPEN}"},
    },
    "key_that_is_a_path": {"run": ["$1"], "run#0": f"${OPEN}"},
    "merged_key": {"run": ["$1"], "+run": [f"${OPEN}"]},
    "metadata": {**run("@_meta_::evil"), "metadata.json": {"version": "1", "evil": f"${OPEN}"}},
    "callable_mode": run("$@make('SENTINEL')", make={"_target_": "os.mkdir", "_mode_": "callable"}),
    "lambda": run(f"$(lambda: {OPEN})()"),
    "walrus": run(f"$(x := {OPEN})"),
    "f_string": run(f'$f"{{{OPEN}}}"'),
    "optional_import": run(f'$monai.utils.optional_import("os")[0].system("{TOUCH}")'),
    "module_in_torch": run(f'$torch.os.system("{TOUCH}")'),
    "transform_of_a_function": run(
        "$@t('SENTINEL')", t={"_target_": "Lambda", "func": "$__import__('os').mkdir"}
    ),
    "write_text_of_a_path": run(
        "$as_path('SENTINEL').write_text('x')", imports=["$from monai_ext.flags import as_path"]
    ),
    "traceback_elsewhere": run(
        "$begin_from(None, 'missing.pt', 'SENTINEL')",
        imports=["$from monai_ext.engines import begin_from"],
    ),
    "traceback_elsewhere_by_keyword": run(
        "$begin_from(None, 'missing.pt', output_dir='SENTINEL')",
        imports=["$from monai_ext.engines import begin_from"],
    ),
    "function_by_another_name": run(
        "$f(None, 'missing.pt', 'SENTINEL')",
        imports=["$from monai_ext.engines import begin_from as f"],
    ),
    "function_by_reference": run(
        "$@f(None, 'missing.pt', 'SENTINEL')",
        f="$begin_from",
        imports=["$from monai_ext.engines import begin_from"],
    ),
    "arguments_of_a_dictionary": run(
        "$begin_from(None, 'missing.pt', **@more)",
        more={"output_dir": "SENTINEL"},
        imports=["$from monai_ext.engines import begin_from"],
    ),
    "tensorboard_elsewhere": run({"_target_": "TensorBoardStatsHandler", "log_dir": "SENTINEL"}),
    "tensorboard_by_detour": run(
        {"_target_": "TensorBoardStatsHandler", "log_dir": "$str(@here / '..' / 'elsewhere')"},
        here="$as_path(@output_dir)",
        imports=["$from monai_ext.flags import as_path"],
    ),
    "variable_named_as_a_builtin": run("$[[0 for eval in [1]], eval(\"open('SENTINEL', 'w')\")]"),
    "place_by_a_reference_as_variable": run(
        "$[0 for @output_dir in ['SENTINEL']]",
        {"_target_": "TensorBoardStatsHandler", "log_dir": "@output_dir"},
    ),
    "stand_in_by_hand": run(
        "$[begin_from(None, 'missing.pt', reference_0_of_config)"
        " for reference_0_of_config in ['SENTINEL'] if @output_dir]",
        imports=["$from monai_ext.engines import begin_from"],
    ),
    "id_like_a_given_one": {
        "output_dir:": ["$from os import system as str"],
        "run": ["$str(\"touch 'SENTINEL'\")"],
    },
    "empty_keys": {"": {"": {"output_dir": f"${OPEN}"}, "run": ["@output_dir"]}},
    "metadata_in_the_config": {"_meta_": {"evil": f"${OPEN}"}, "run": ["@_meta_::evil"]},
    "key_that_is_a_path_of_files": {
        "/../../elsewhere": "@output_dir",
        "run": [{"_target_": "TensorBoardStatsHandler", "log_dir": "@output_dir/../elsewhere"}],
    },
    "renamed_id": {
        "required_packages_version": "@output_dir",
        "optional_packages_version": "SENTINEL",
        "run": [{"_target_": "TensorBoardStatsHandler", "log_dir": "@required_packages_version"}],
    },
    "function_out_of_a_list": {
        "lib": ["$from monai_ext.engines import begin_from"],
        "run": ["$@lib[0](None, 'missing.pt', 'SENTINEL')"],
    },
    "function_of_a_list_by_reference": {
        "lib": ["$from monai_ext.engines import begin_from"],
        "run": ["$@lib::0(None, 'missing.pt', 'SENTINEL')"],
    },
    "function_as_a_variable": {
        "lib": ["$from monai_ext.engines import begin_from"],
        "run": ["$[x(None, 'missing.pt', 'SENTINEL') for x in @lib]"],
    },
    "module_beside_it": {
        **run({"_target_": "evil_beside.touch", "path": "SENTINEL"}),
        "evil_beside.py": _EVIL_MODULE,
    },
    "package_beside_it": {
        **run({"_target_": "evil_package.touch", "path": "SENTINEL"}),
        "evil_package/__init__.py": _EVIL_MODULE,
    },
    "unpickling_target": run(
        {"_target_": "torch.load", "f": "FOLDER/evil.pt", "weights_only": False}
    ),
    "nested_run": {
        **run({"_target_": "monai.bundle.run", "config_file": "FOLDER/other.json"}),
        "other.json": {"initialize": [], "run": [f"${OPEN}"]},
    },
}
"""MONAI runs all of these, as a test proves; by a name."""

BEYOND = {
    "metrics_elsewhere": run({"_target_": "monai_ext.engines.MetricsCsv", "path": "SENTINEL"}),
    "compiler": run(
        {"_target_": "SupervisedEvaluator", "compile": True, "compile_kwargs": {"options": {}}}
    ),
    "debugger_by_a_key": run({"_target_": "SimpleInferer", "_debug_": True}),
    "reference_to_imports": run(
        "$@imports::0('x')", imports=["$from monai_ext.flags import as_path"]
    ),
    "macro_of_imports": run("%imports", imports=["$from monai_ext.flags import as_path"]),
    "macros_of_macros": {
        "a0": ["x"] * 8,
        **{f"a{k}": [f"%a{k - 1}"] * 8 for k in range(1, 6)},
        "run": ["@a5"],
    },
    "places_without_end": {
        "run": [{"_target_": "TensorBoardStatsHandler", "log_dir": "@a0"}],
        **{f"a{k}": "$" + "+".join([f"@a{k + 1}"] * 60) for k in range(6)},
        "a6": "x",
    },
    "large_number": run("$@a * 99999999999", a="$1"),
    "debugger": run({"_target_": "Compose", "_mode_": "debug"}),
    "power": run("$9 ** 9 ** 9"),
    "text_many_times": run("$'a' * 10000000000"),
    "relative_id": run({"a": "$@##b"}, b="$1"),
    "reference_in_a_text": run("$'@a'", a="$1"),
    "two_statements": run(f"$import torch; {OPEN}"),
    "no_python": run("$((("),
    "very_long": run("$" + "+".join(["1"] * 400)),
    "path_inside": run({"_target_": "Compose", "a#_target_": "os.mkdir"}),
    "tensorboard_without_place": run({"_target_": "TensorBoardStatsHandler"}),
    "place_from_a_function": run(
        {"_target_": "TensorBoardStatsHandler", "log_dir": "$max(['/etc', '/'])"}
    ),
    "home": run({"_target_": "TensorBoardStatsHandler", "log_dir": "~/runs"}),
}
"""Refused for what they could do to the machine, or because nobody needs them."""
