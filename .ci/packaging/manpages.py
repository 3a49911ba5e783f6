#!/usr/bin/env python3
"""Writes man pages from what `knapsack --experimental-dump-help` prints: knapsack.1, and one for each command.

    knapsack --experimental-dump-help | manpages.py --version 0.1.0 --date 2026-11-29 --output man
"""

import argparse
import json
import pathlib
import sys


def escape(text):
    """Text as roff prints it."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def names(argument):
    """The option's names, shortest first: -q, --quiet."""
    marks = {"short": "-", "long": "--", "longWithSingleDash": "-"}
    return [marks[name["kind"]] + name["name"] for name in argument.get("names", [])]


def value(argument):
    """What stands for the value of an argument."""
    return "<" + argument.get("valueName", "value") + ">"


def shown(items):
    """Those that the help shows, too."""
    return [item for item in items if item.get("shouldDisplay", True)]


def synopsis(words, arguments, commands):
    """The line under SYNOPSIS."""
    parts = [f"\\fB{escape(' '.join(words))}\\fR"]
    options = [a for a in arguments if a["kind"] != "positional"]
    required = [a for a in options if not a.get("isOptional", False)]
    for argument in required:
        text = "\\fB" + escape(names(argument)[-1]) + "\\fR"
        parts.append(text if argument["kind"] == "flag" else f"{text} \\fI{escape(value(argument))}\\fR")
    if len(options) > len(required):
        parts.append("[\\fIoptions\\fR]")
    for argument in arguments:
        if argument["kind"] != "positional":
            continue
        text = f"\\fI{escape(value(argument))}\\fR" + ("..." if argument.get("isRepeating") else "")
        parts.append(f"[{text}]" if argument.get("isOptional") else text)
    if commands:
        parts.append("[\\fIcommand\\fR]")
    return " ".join(parts)


def described(argument):
    """The help of an argument, with its default and its values."""
    text = argument.get("abstract", "")
    if argument.get("discussion"):
        text += "\n" + argument["discussion"]
    if argument.get("allValues"):
        text += f" One of: {', '.join(argument['allValues'])}."
    if argument.get("defaultValue"):
        text += f" The default is {argument['defaultValue']}."
    return escape(text.strip())


def paragraphs(text):
    """The discussion: paragraphs, and examples as they are."""
    lines = []
    for block in text.split("\n\n"):
        head, _, rest = block.partition("\n")
        if head == "Examples:":
            lines += [".SH EXAMPLES", ".nf", *(escape(line.removeprefix("  ")) for line in rest.split("\n")), ".fi"]
        else:
            lines += [".PP", escape(block)]
    return lines


def page(command, words, context):
    """The page of one command."""
    title = "-".join(words)
    arguments = shown(command.get("arguments", []))
    commands = shown(command.get("subcommands", []))
    abstract = command["abstract"].rstrip(".")
    lines = [
        f'.TH "{escape(title.upper())}" "1" "{context.date}" "knapsack {context.version}" "Knapsack"',
        ".SH NAME",
        f"{escape(title)} \\- {escape(abstract[0].lower() + abstract[1:])}",
        ".SH SYNOPSIS",
        synopsis(words, arguments, commands),
        ".SH DESCRIPTION",
    ]
    discussion = paragraphs(command.get("discussion", ""))
    split = discussion.index(".SH EXAMPLES") if ".SH EXAMPLES" in discussion else len(discussion)
    examples = discussion[split:]
    # What follows the examples belongs to the description.
    if ".fi" in examples:
        end = examples.index(".fi") + 1
        discussion, examples = discussion[:split] + examples[end:], examples[:end]
    else:
        discussion = discussion[:split]
    lines += (discussion[1:] if discussion[:1] == [".PP"] else discussion) or [escape(command["abstract"])]
    positional = [a for a in arguments if a["kind"] == "positional"]
    if positional:
        lines.append(".SH ARGUMENTS")
        for argument in positional:
            lines += [".TP", f"\\fI{escape(value(argument))}\\fR", described(argument)]
    options = [a for a in arguments if a["kind"] != "positional"]
    if options:
        lines.append(".SH OPTIONS")
        for argument in options:
            text = ", ".join(f"\\fB{escape(name)}\\fR" for name in names(argument))
            if argument["kind"] == "option":
                text += f" \\fI{escape(value(argument))}\\fR"
            lines += [".TP", text, described(argument)]
    if commands:
        lines.append(".SH COMMANDS")
        for item in commands:
            name = "-".join([*words, item["commandName"]])
            lines += [".TP", f"\\fB{escape(name)}\\fR(1)", escape(item["abstract"])]
    lines += examples
    lines += [
        ".SH EXIT STATUS",
        ".TP", "0", "It holds.", ".TP", "1", "Something does not.", ".TP", "2", "It could not be decided.",
        ".SH SEE ALSO",
        "\\fBknapsack\\fR(1); \\fBknapsack help topics\\fR lists the pages of the documentation." if len(words) > 1
        else "\\fBknapsack help topics\\fR lists the pages of the documentation.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def write(command, words, context):
    """Writes the page of a command and those of its commands."""
    if words[1:] == ["help"]:
        return
    name = "-".join(words) + ".1"
    (context.output / name).write_text(page(command, words, context), encoding="utf-8")
    for item in shown(command.get("subcommands", [])):
        write(item, [*words, item["commandName"]], context)


def main():
    """Reads the dump from standard input."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", required=True)
    parser.add_argument("--date", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    context = parser.parse_args()
    context.output.mkdir(parents=True, exist_ok=True)
    write(json.load(sys.stdin)["command"], ["knapsack"], context)


if __name__ == "__main__":
    main()
