"""The text of `data/feeds.yaml`: put entries in, cut them out, leave the rest as it is.

Entries are cut out of and put into the text itself, at the places PyYAML names. Dumping the
document anew with ruamel.yaml, which is meant for this, was tried first: it indents lists its
own way, and with an entry it deletes the comment above the next one. It still serves where the
list is in flow style (`feeds: [{...}]`), which has no lines to cut.

What does not belong here: files, and whether the result is what was meant.
"""

import io
from collections.abc import Callable, Sequence
from typing import Any

import yaml

from podcast_insights.feeds.subscriptions import Subscription


def with_entries(text: str, new: Sequence[Subscription]) -> str:
    """The text with entries at the end of its list."""
    newline = "\r\n" if "\r\n" in text else "\n"
    listed = feeds_node(text)
    if listed is None:
        if yaml.safe_load(text):  # `{...}`, for instance
            return dumped(text, lambda feeds: feeds.extend(map(quoted, new)))
        return ended(without_marks(text), newline) + f"feeds:{newline}" + entries(new, 2, newline)
    if isinstance(listed, yaml.SequenceNode) and listed.value:
        if listed.flow_style:
            return dumped(text, lambda feeds: feeds.extend(map(quoted, new)))
        column = line_of_dash(text, listed.value[0])[1]
        place = end_of_comments(text, end_of_line(text, end_of(listed.value[-1])), column)
    else:  # `feeds:` or `feeds: []`
        start, end = listed.start_mark.index, listed.end_mark.index
        text = text[:start].rstrip(" ") + text[end:] if end > start else text
        place, column = end_of_line(text, min(start, len(text)) - 1), 2
    return ended(text[:place], newline) + entries(new, column, newline) + text[place:]


def without_entry(text: str, position: int) -> str:
    """The text without the lines of one entry."""
    listed = feeds_node(text)
    if listed is None or listed.flow_style:
        return dumped(text, lambda feeds: feeds.pop(position))
    entry = listed.value[position]
    start, column = line_of_dash(text, entry)
    return text[:start] + text[end_of_comments(text, end_of_line(text, end_of(entry)), column) :]


def switched(text: str, position: int, is_enabled: bool) -> str:
    """The text with `is_enabled` of one entry set."""
    listed = feeds_node(text)
    if listed is None or listed.value[position].flow_style:
        return dumped(text, lambda feeds: feeds[position].update(is_enabled=is_enabled))
    value = str(is_enabled).lower()
    pairs = {key.value: (key, found) for key, found in listed.value[position].value}
    if "is_enabled" in pairs:
        found = pairs["is_enabled"][1]
        return text[: found.start_mark.index] + value + text[found.end_mark.index :]
    key, url = pairs["url"]
    newline = "\r\n" if "\r\n" in text else "\n"
    place = end_of_line(text, end_of(url))
    line = f"{' ' * key.start_mark.column}is_enabled: {value}{newline}"
    return ended(text[:place], newline) + line + text[place:]


def feeds_node(text: str) -> Any:  # noqa: ANN401 - PyYAML is untyped
    """The value of `feeds` with its place in the text, or None."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return None
    return next((value for key, value in root.value if key.value == "feeds"), None)


def end_of(node: Any) -> int:  # noqa: ANN401 - PyYAML is untyped
    """Where the last character of a node is.

    A block collection only ends where the next token starts, after all comments.
    """
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        end = node.end_mark
        is_block_text = end.column == 0 and end.index > node.start_mark.index
        return int(end.index - is_block_text)
    last = node.value[-1]
    return end_of(last[1] if isinstance(last, tuple) else last)


def line_of_dash(text: str, entry: Any) -> tuple[int, int]:  # noqa: ANN401 - PyYAML is untyped
    """Where the line of an entry's dash starts, and the dash's column."""
    dash = text.rindex("-", 0, entry.start_mark.index)
    start = text.rfind("\n", 0, dash) + 1
    return start, dash - start


def end_of_line(text: str, index: int) -> int:
    """Where the line after the one at `index` starts."""
    end = text.find("\n", max(index, 0))
    return len(text) if end < 0 else end + 1


def end_of_comments(text: str, place: int, column: int) -> int:
    """Past the comment lines at `place` that are indented into the entry above."""
    while True:
        end = end_of_line(text, place)
        line = text[place:end]
        if not line.lstrip().startswith("#") or len(line) - len(line.lstrip()) <= column:
            return place
        place = end


def entries(new: Sequence[Subscription], column: int, newline: str) -> str:
    """Entries as lines, their dashes at `column`."""
    lines = []
    for feed in new:
        for number, (name, value) in enumerate(as_dict(feed).items()):
            # Within a list of one line each, so that no entry is ever more than its keys.
            flow = None if isinstance(value, list) else False
            line = yaml.safe_dump(
                {name: value}, default_flow_style=flow, allow_unicode=True, width=2**31
            ).rstrip("\n")
            lines.append(" " * column + ("- " if number == 0 else "  ") + line + newline)
    return "".join(lines)


def as_dict(feed: Subscription) -> dict[str, Any]:
    """What differs from the defaults, as plain values."""
    values = feed.model_dump(by_alias=True, exclude_defaults=True)
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


def quoted(feed: Subscription) -> dict[str, Any]:
    """The same for ruamel.yaml, whose YAML 1.2 takes `no` for a string and PyYAML does not."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    def quote(value: object) -> object:
        if isinstance(value, list):
            return [quote(part) for part in value]
        return DoubleQuotedScalarString(value) if isinstance(value, str) else value

    return {name: quote(value) for name, value in as_dict(feed).items()}


def ended(text: str, newline: str) -> str:
    """The text with its last line ended."""
    return text if not text or text.endswith("\n") else text + newline


def without_marks(text: str) -> str:
    """An empty document without `{}`, `null` or an end mark, which nothing may follow."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if line.strip() not in ("{}", "null", "..."))


def dumped(text: str, change: Callable[[Any], object]) -> str:
    """The whole document written anew by ruamel.yaml, which keeps comments and quotes."""
    from ruamel.yaml import YAML

    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 2**31
    document = editor.load(text)
    document["feeds"] = document["feeds"] or []
    change(document["feeds"])
    stream = io.StringIO()
    editor.dump(document, stream)
    return stream.getvalue()
