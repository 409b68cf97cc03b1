import logging

from monai_ext.engines.extraction_log import console_log

LOGGER = logging.getLogger("monai_ext.some.room")


def test_lines_reach_stderr_where_nothing_is_set_up(monkeypatch, capsys):
    monkeypatch.setattr(logging.getLogger("monai_ext"), "propagate", False)
    with console_log():
        LOGGER.info("a line")
    LOGGER.info("after")
    assert capsys.readouterr().err == "a line\n"


def test_a_callers_logging_is_left_alone(capsys, caplog):
    with caplog.at_level(logging.INFO, "monai_ext"), console_log():
        LOGGER.info("a line")
    assert caplog.messages == ["a line"]
    assert capsys.readouterr().err == ""
