"""Settings: a mistake is named before work begins; nothing is ignored without a word."""

import logging
from pathlib import Path
from typing import Any

import pytest

from podcast_insights.errors import UserError
from podcast_insights.settings import (
    PREFIX,
    Settings,
    example_environment,
    find_home,
    load_settings,
)
from podcast_insights_tests.conftest import ROOT


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)


def refusal() -> UserError:
    with pytest.raises(UserError) as caught:
        load_settings()
    return caught.value


class TestNames:
    def test_known_names_are_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        given(monkeypatch, WHISPER_MODEL="small", AUDIO_RETENTION="drop", SMTP_PORT="")
        settings = load_settings()
        assert (settings.whisper_model, settings.audio_retention) == ("small", "drop")
        assert settings.smtp_port == 587

    def test_a_misspelt_name_is_refused_with_the_nearest(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given(monkeypatch, WHISPER_MODLE="small")
        error = refusal()
        assert error.problem == "PODCAST_INSIGHTS_WHISPER_MODLE is not a setting."
        assert error.remedy == "Did you mean PODCAST_INSIGHTS_WHISPER_MODEL?"

    def test_a_name_like_no_other_points_to_the_list(self, monkeypatch: pytest.MonkeyPatch) -> None:
        given(monkeypatch, TELEGRAM_BOT="1")
        assert refusal().remedy == "See .env.example for all."

    def test_a_name_of_earlier_versions_points_to_the_new_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given(monkeypatch, KEEP_AUDIO="false")
        error = refusal()
        assert error.problem.endswith("KEEP_AUDIO is now called PODCAST_INSIGHTS_AUDIO_RETENTION.")
        assert "drop for false" in error.remedy

    @pytest.mark.parametrize(
        ("value", "days"), [("keep", None), ("drop", 0), (" 30D ", 30), ("1d", 1)]
    )
    def test_how_long_audio_is_kept(
        self, monkeypatch: pytest.MonkeyPatch, value: str, days: int | None
    ) -> None:
        given(monkeypatch, AUDIO_RETENTION=value)
        assert load_settings().keep_audio_days == days

    def test_names_of_other_programs_are_none_of_our_business(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PODCASTS_HOME", "x")
        assert load_settings().smtp_host == ""


class TestValues:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("START_DATE", "soon"),
            ("SCHEDULE_CRON", "every day"),
            ("SCHEDULE_CRON", "99 5 * * *"),
            ("SCHEDULE_CRON", "0 5 * * 8"),
            ("SCHEDULE_CRON", "a b c d e"),
            ("SCHEDULE_CRON", "0 5-25 * * *"),
            ("SCHEDULE_CRON", "*/0 5 * * *"),
            ("SCHEDULE_TIMEZONE", "Mars/Olympus"),
            ("SCHEDULE_TIMEZONE", "../../etc/passwd"),
            ("MAX_PARTITIONS_PER_RUN", "0"),
            ("MAX_FAILED_SHARE", "1.5"),
            ("MAX_FEED_BYTES", "-1"),
            ("HTTP_TIMEOUT_S", "0"),
            *(
                ("AUDIO_RETENTION", v)
                for v in ("perhaps", "30", "0d", "-1d", "1.5d", "²d", "keep 3d")
            ),
            ("WHISPER_DEVICE", "gpu"),
            ("WHISPER_DEVICE_INDEX", "0;1"),
            ("WHISPER_DEVICE_INDEX", "²"),
            ("WHISPER_DEVICE_INDEX", "0,00"),
            ("WHISPER_COMPUTE_TYPE", "int4"),
            ("WHISPER_DECODING", "quick"),
            ("WHISPER_BATCH_SIZE", "-1"),
            ("INSIGHT_ENGINE", "magic"),
            ("LLM_PRICE_USD_PER_MILLION_TOKENS", "0.15"),
            ("LLM_PRICE_USD_PER_MILLION_TOKENS", "0.15,-1"),
            ("LLM_PRICE_USD_PER_MILLION_TOKENS", "a,b"),
            ("LLM_PRICE_USD_PER_MILLION_TOKENS", "1,inf"),
            ("LLM_PRICE_USD_PER_MILLION_TOKENS", "nan,1"),
            ("SMTP_PORT", "70000"),
            ("SMTP_SECURITY", "ssl"),
        ],
    )
    def test_a_value_that_makes_no_sense_is_refused_by_name(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        given(monkeypatch, **{name: value})
        error = refusal()
        assert error.problem.startswith(f"{PREFIX}{name} has a value that can't be used: ")
        assert "Value error" not in error.problem
        description = Settings.model_fields[name.lower()].description or "-"
        assert description in error.remedy

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("SCHEDULE_TIMEZONE", "Europe/Berlin", "Europe/Berlin"),
            ("SCHEDULE_CRON", "15 6 * * 1-5", "15 6 * * 1-5"),
            ("SCHEDULE_CRON", "*/15 0,22-23 1 jan mon-fri", "*/15 0,22-23 1 jan mon-fri"),
            ("WHISPER_DEVICE_INDEX", "0, 1", "0, 1"),
            ("LLM_PRICE_USD_PER_MILLION_TOKENS", "0.15,0.60", "0.15,0.60"),
            ("LLM_PRICE_USD_PER_MILLION_TOKENS", "0,0", "0,0"),
            ("MAX_FAILED_SHARE", "1", 1.0),
            ("SMTP_PORT", "25", 25),
        ],
    )
    def test_a_value_that_makes_sense_is_taken(
        self,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
        value: str,
        expected: Any,  # noqa: ANN401 - any setting's value
    ) -> None:
        given(monkeypatch, **{name: value})
        assert getattr(load_settings(), name.lower()) == expected

    def test_what_is_given_in_code_is_checked_too(self) -> None:
        with pytest.raises(UserError, match=f"{PREFIX}SMTP_PORT"):
            load_settings(smtp_port=0)
        assert load_settings(smtp_port=2525).smtp_port == 2525


class TestContradictions:
    @pytest.mark.parametrize(
        ("values", "problem", "remedy", "cure"),
        [
            (
                {"INSIGHT_ENGINE": "llm"},
                "INSIGHT_ENGINE is llm, but no model is named",
                "LLM_MODEL",
                {"LLM_MODEL": "openai/gpt-5-mini"},
            ),
            (
                {"MAIL_FROM": "a@example.org"},
                "SMTP host is missing",
                "SMTP_HOST",
                {"SMTP_HOST": "mail.example.org"},
            ),
            (
                {"SMTP_USERNAME": "ann", "MAIL_FROM": "a@example.org"},
                "SMTP host is missing",
                "SMTP_HOST",
                {"SMTP_HOST": "mail.example.org"},
            ),
            (
                {"SMTP_HOST": "mail.example.org"},
                "no sender",
                "MAIL_FROM",
                {"MAIL_FROM": "a@example.org"},
            ),
            (
                {
                    "SMTP_HOST": "mail.example.org",
                    "MAIL_FROM": "a@example.org",
                    "SMTP_PASSWORD": "hunter2",
                    "SMTP_SECURITY": "none",
                },
                "password would travel unencrypted",
                "SMTP_SECURITY",
                {"SMTP_SECURITY": "tls"},
            ),
        ],
    )
    def test_each_is_refused_and_can_be_cured(
        self,
        monkeypatch: pytest.MonkeyPatch,
        values: dict[str, str],
        problem: str,
        remedy: str,
        cure: dict[str, str],
    ) -> None:
        given(monkeypatch, **values)
        error = refusal()
        assert problem in error.problem
        assert f"{PREFIX}{remedy}" in error.remedy
        assert "hunter2" not in str(error)
        given(monkeypatch, **cure)
        assert load_settings()

    def test_no_encryption_is_fine_where_there_is_no_password(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given(monkeypatch, SMTP_HOST="localhost", MAIL_FROM="a@e.org", SMTP_SECURITY="none")
        assert load_settings().is_mail_configured

    def test_without_a_host_no_mail_is_configured(self) -> None:
        assert not load_settings().is_mail_configured


class TestSecrets:
    def test_they_are_shown_nowhere(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        given(
            monkeypatch,
            LLM_API_KEY="hunter2",
            SMTP_PASSWORD="hunter2",
            SMTP_HOST="mail.example.org",
            MAIL_FROM="a@example.org",
        )
        settings = load_settings()
        logging.getLogger(__name__).warning("%s %r", settings, settings)
        shown = [repr(settings), str(settings), settings.model_dump_json(), caplog.text]
        shown += [str(value) for _, value in settings]
        assert "hunter2" not in " ".join(shown)
        assert settings.smtp_password.get_secret_value() == "hunter2"
        assert settings.llm_api_key.get_secret_value() == "hunter2"

    def test_no_mistake_in_another_setting_shows_them(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given(monkeypatch, SMTP_PASSWORD="hunter2", SMTP_PORT="none")
        error = refusal()
        assert "hunter2" not in f"{error!r}{error.__cause__!r}{error.__cause__}"


class TestPlaces:
    def test_relative_paths_start_at_home(self, tmp_path: Path) -> None:
        settings = load_settings()
        assert settings.warehouse_path == tmp_path / "data" / "warehouse.duckdb"
        assert settings.analysts_path == tmp_path / "data" / "podcast_insights.duckdb"
        assert settings.cache_dir == tmp_path / "data" / "cache"
        assert settings.under_home(settings.feeds_file) == tmp_path / "data" / "feeds.yaml"

    def test_an_absolute_data_folder_may_be_anywhere(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        given(monkeypatch, DATA_DIR=str(tmp_path / "disk"), HOME=str(tmp_path / "home"))
        settings = load_settings()
        assert settings.warehouse_path == tmp_path / "disk" / "warehouse.duckdb"
        assert settings.under_home(settings.readers_file).is_relative_to(tmp_path / "home")

    def test_home_is_the_nearest_folder_upwards_with_a_dagster_yaml(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv(f"{PREFIX}HOME")
        project, inside = tmp_path / "project", tmp_path / "project" / "a" / "b"
        inside.mkdir(parents=True)
        monkeypatch.chdir(inside)
        assert find_home() == inside
        (project / "dagster.yaml").touch()
        assert find_home() == project
        assert load_settings().home == project

    def test_they_cannot_be_changed_afterwards(self) -> None:
        with pytest.raises(ValueError, match="frozen"):
            load_settings().smtp_port = 1


class TestExample:
    def test_the_committed_example_is_up_to_date(self) -> None:
        assert (ROOT / ".env.example").read_text() == example_environment(), (
            "renew it with `podcast-insights settings --example > .env.example`"
        )

    def test_it_names_every_setting_with_its_meaning(self) -> None:
        text = example_environment()
        for name, field in Settings.model_fields.items():
            assert field.description, name
            assert f"# {field.description}\n# {PREFIX}{name.upper()}=" in text

    def test_uncommented_it_gives_the_defaults(self, monkeypatch: pytest.MonkeyPatch) -> None:
        lines = [line.removeprefix("# ") for line in example_environment().splitlines()]
        values = dict(line.split("=", 1) for line in lines if line.startswith(PREFIX))
        assert len(values) == len(Settings.model_fields)
        default = Settings()
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        assert load_settings().model_dump(exclude={"home"}) == default.model_dump(exclude={"home"})
