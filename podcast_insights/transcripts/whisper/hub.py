"""Whisper's weights on the model hub: which repository at which commit, and fetching them.

What does not belong here: which model is chosen (`models.py`).
"""

from pathlib import Path

from podcast_insights.errors import UserError

PINNED = {
    "tiny": ("Systran/faster-whisper-tiny", "d90ca5fe260221311c53c58e660288d3deb8d356"),
    "tiny.en": ("Systran/faster-whisper-tiny.en", "0d3d19a32d3338f10357c0889762bd8d64bbdeba"),
    "base": ("Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"),
    "base.en": ("Systran/faster-whisper-base.en", "3d3d5dee26484f91867d81cb899cfcf72b96be6c"),
    "small": ("Systran/faster-whisper-small", "536b0662742c02347bc0e980a01041f333bce120"),
    "small.en": ("Systran/faster-whisper-small.en", "d1d751a5f8271d482d14ca55d9e2deeebbae577f"),
    "medium": ("Systran/faster-whisper-medium", "08e178d48790749d25932bbc082711ddcfdfbc4f"),
    "medium.en": ("Systran/faster-whisper-medium.en", "a29b04bd15381511a9af671baec01072039215e3"),
    "large-v1": ("Systran/faster-whisper-large-v1", "b07c8d4be0be90092aa01a29c975077acb8d15c9"),
    "large-v2": ("Systran/faster-whisper-large-v2", "f0fe81560cb8b68660e564f55dd99207059c092e"),
    "large-v3": ("Systran/faster-whisper-large-v3", "edaa852ec7e145841d8ffdb056a99866b5f0a478"),
    "large-v3-turbo": (
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
    ),
    "distil-small.en": (
        "Systran/faster-distil-whisper-small.en",
        "ef77d90526ccd62cde3808ee70626a01e5cf83e4",
    ),
    "distil-medium.en": (
        "Systran/faster-distil-whisper-medium.en",
        "80ddfce281f77766d8943d63109199fc8145dfa5",
    ),
    "distil-large-v2": (
        "Systran/faster-distil-whisper-large-v2",
        "fe9b404fc56de3f7c38606ef9ba6fd83526d05e4",
    ),
    "distil-large-v3": (
        "Systran/faster-distil-whisper-large-v3",
        "c3058b475261292e64a0412df1d2681c06260fab",
    ),
    "distil-large-v3.5": (
        "distil-whisper/distil-large-v3.5-ct2",
        "9793ccc07920e0f830e1dba0343efcdf0ef8c903",
    ),
}
"""faster-whisper's names, their repositories, and the commit of each that is used.

The commits were taken from public projects that pin them or show them in their hub caches, two
of them or more for each; the hub itself was out of reach when this was written.
"""

ALIASES = {"large": "large-v3", "turbo": "large-v3-turbo"}

FILES = [
    "config.json",
    "model.bin",
    "preprocessor_config.json",
    "tokenizer.json",
    "vocabulary.*",
]


def can_be_called(repository: str) -> bool:
    """Whether the hub has names like this."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined] # it is public

    try:
        validate_repo_id(repository)
    except HFValidationError:
        return False
    return True


def cached_commit(repository: str, revision: str | None) -> str | None:
    """The commit that `revision` was when the hub was last asked; None if it never was."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RevisionResolutionError

    try:
        found = HfApi().resolve_revision(repository, revision=revision, local_files_only=True)
    except RevisionResolutionError:
        return None
    return found.resolved


def commit_of(repository: str, revision: str | None) -> str:
    """Ask the hub which commit `revision` is, and remember it in the hub's local cache.

    Raises:
        UserError: there is no such repository or revision, or the hub can't be reached.
    """
    import httpx
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RevisionResolutionError

    try:
        return HfApi().resolve_revision(repository, revision=revision).resolved
    except (OSError, ValueError, httpx.HTTPError, RevisionResolutionError) as error:
        raise _unreachable(repository, revision, error) from error


def cached_folder(repository: str, commit: str) -> Path | None:
    """The folder of this commit in the hub's local cache; None if it isn't there in whole."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            repository, revision=commit, allow_patterns=FILES, local_files_only=True
        )
    except LocalEntryNotFoundError:
        return None
    found = Path(folder)
    whole = all((found / name).exists() for name in ("config.json", "model.bin", "tokenizer.json"))
    return found if whole else None


def download(repository: str, commit: str) -> Path:
    """Fetch the files of this commit into the hub's local cache; return their folder.

    Raises:
        UserError: the hub can't be reached, or has no such commit.
    """
    import httpx
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(repository, revision=commit, allow_patterns=FILES))
    except (OSError, ValueError, httpx.HTTPError) as error:
        raise _unreachable(repository, commit, error) from error


def _unreachable(repository: str, revision: str | None, error: Exception) -> UserError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return UserError(
        f"The model hub gives no {repository}{f' at {revision}' if revision else ''}: "
        f"{lines[0].rstrip('.')}.",
        "See that the name is right and the hub can be reached (HF_ENDPOINT, HF_HUB_OFFLINE), "
        "or copy the model into a folder and set PODCAST_INSIGHTS_WHISPER_MODEL to it; auto on a "
        "CPU needs no hub.",
    )
