# SPDX-License-Identifier: Apache-2.0
"""A request body shaped and sized like Claude Code's own (about 92 KB): model first, system blocks, tools with schemas,
a conversation with tool calls, `stream` as the last key. The same bytes on every run; nothing of a real prompt."""

import json

SIZE = 92_594
MODEL = "claude-sonnet-4-5-20250929"

_WORDS = (
    "the parser refuses a duplicate key because two readers may disagree which of them counts and then a check that "
    "looked at one lets the other pass so keep the original bytes read each name once and tell the caller which line "
    "was at fault before anything is written to the index or sent to another machine"
).split()

_TOOLS = ["Task", "Bash", "Glob", "Grep", "Read", "Edit", "Write", "NotebookEdit", "WebFetch", "TodoWrite",
          "WebSearch", "BashOutput", "KillShell", "Skill", "SlashCommand", "AskUserQuestion", "ExitPlanMode"]


def _prose(length, seed):
    """Text with the escapes that source code brings: quotes, newlines, backslashes, a few non-ASCII letters."""
    pieces, size, at = [], 0, seed
    while size < length:
        word = _WORDS[at % len(_WORDS)]
        if at % 13 == 0:
            word = f'"{word}"'
        if at % 29 == 0:
            word += " →"
        if at % 17 == 0:
            word += ".\n    return \\w+;"
        pieces.append(word)
        size += len(word) + 1
        at += 1 + seed % 3
    return " ".join(pieces)[:length]


def _tool(name, seed):
    properties = {
        field: {"type": "string", "description": _prose(120, seed + at)}
        for at, field in enumerate(["description", "file_path", "pattern", "command", "timeout"])
    }
    return {"name": name, "description": _prose(1900, seed),
            "input_schema": {"type": "object", "properties": properties, "required": ["description"],
                             "additionalProperties": False, "$schema": "http://json-schema.org/draft-07/schema#"}}


def _turn(number):
    tool_id = f"toolu_01Bench{number:016d}"
    return [
        {"role": "assistant", "content": [
            {"type": "text", "text": _prose(300, number)},
            {"type": "tool_use", "id": tool_id, "name": "Read", "input": {"file_path": f"/work/src/part_{number}.cc"}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": tool_id, "content": _prose(2600, number + 7)}]},
    ]


def build(stream):
    """The body as bytes, exactly SIZE long."""
    cache = {"type": "ephemeral"}
    document = {
        "model": MODEL,
        "messages": [{"role": "user", "content": [{"type": "text", "text": _prose(1500, 3)}]}],
        "system": [{"type": "text", "text": "You are Claude Code, Anthropic's official CLI for Claude.",
                    "cache_control": cache},
                   {"type": "text", "text": _prose(14_000, 5), "cache_control": cache}],
        "tools": [_tool(name, at) for at, name in enumerate(_TOOLS)],
        "metadata": {"user_id": "user_" + "0123456789abcdef" * 4},
        "max_tokens": 32_000,
        "temperature": 1,
        "stream": stream,
    }
    for number in range(6):
        document["messages"] += _turn(number)
    filler = {"type": "text", "text": ""}
    document["messages"].append({"role": "user", "content": [filler]})
    missing = SIZE - len(_encode(document))
    if missing < 1:
        raise ValueError(f"the body is {1 - missing} bytes too long before its filler")
    filler["text"] = "x" * missing
    return _encode(document)


def _encode(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    print(len(build(True)), len(build(False)))
