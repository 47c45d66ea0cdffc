#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A calculator as a tool of mgrpo: {"expression": "(2026 - 1821) * 2"} on standard input, the value on standard output.

Numbers, + - * / and parentheses; a date such as 1821-07-28 counts as its year. Thousands may be set off by commas, and
then are in the value, too. Ends with status 2, and a sentence for the agent, where the expression is wrong.
"""
import json
import re
import sys
from fractions import Fraction

LONGEST = 200  # characters of an expression
LARGEST = Fraction(10) ** 30
TOKEN = re.compile(r"\s*(?:(\d{1,4})-\d\d-\d\d(?!\d)|((?:\d{1,3}(?:,\d{3}){1,9}(?!\d)|\d{1,30})(?:\.\d{1,30})?)|([-+*/()]))")


class Wrong(Exception):
    pass


def tokens(text):
    at, text = 0, text.rstrip()
    while at < len(text):
        m = TOKEN.match(text, at)
        if m is None:
            raise Wrong(f"cannot read {text[at:at + 20]!r}")
        at = m.end()
        yield m.group(3) or Fraction((m.group(1) or m.group(2)).replace(",", ""))


class Parser:
    """sum: term {+|- term}; term: factor {*|/ factor}; factor: number, -factor or (sum)."""

    def __init__(self, text):
        self.tokens = [*tokens(text), None]

    def take(self, wanted):
        if self.tokens[0] is None or self.tokens[0] not in wanted:
            return None
        return self.tokens.pop(0)

    def chain(self, part, operators):
        value = part()
        while operator := self.take(operators):
            other = part()
            if operator == "/" and other == 0:
                raise Wrong("a division by 0")
            value = {"+": value.__add__, "-": value.__sub__, "*": value.__mul__, "/": value.__truediv__}[operator](other)
            if abs(value) > LARGEST or value.denominator > LARGEST:
                raise Wrong("a number of more than 30 digits")
        return value

    def sum(self):
        return self.chain(self.term, ("+", "-"))

    def term(self):
        return self.chain(self.factor, ("*", "/"))

    def factor(self):
        if self.take(("-",)):
            return -self.factor()
        if self.take(("(",)):
            value = self.sum()
            if not self.take((")",)):
                raise Wrong("a ) is missing")
            return value
        if not isinstance(self.tokens[0], Fraction):
            raise Wrong("a number is missing")
        return self.tokens.pop(0)


def value_of(text):
    if len(text) > LONGEST:
        raise Wrong(f"an expression of {len(text)} characters, at most {LONGEST}")
    parser = Parser(text)
    value = parser.sum()
    if parser.tokens[0] is not None:
        raise Wrong(f"{parser.tokens[0]} is one too many")
    return value


def spell(value, commas):
    if value.denominator == 1:
        return f"{value.numerator:,}" if commas else str(value.numerator)
    return f"{float(value):.10g}"


if __name__ == "__main__":
    try:
        expression = json.load(sys.stdin)["expression"]
        print(spell(value_of(expression), "," in expression))
    except Wrong as e:
        print(e)
        sys.exit(2)
