"""Prints the tables of cambium/text/unicode.cc: what Hugging Face's `tokenizers` takes for numeric, and what its regex
engine knows beyond Unicode 14. Needs a Python whose unicodedata is of version 14 (3.11)."""

import unicodedata

from tokenizers import Regex, pre_tokenizers

CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp".split()
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def ranges(code_points):
    found = []
    for c in sorted(code_points):
        if found and found[-1][1] == c - 1:
            found[-1][1] = c
        else:
            found.append([c, c])
    return found


def matched_by_regex(pattern):
    splitter = pre_tokenizers.Split(Regex(pattern), "removed")
    return {c for c in CODE_POINTS if not splitter.pre_tokenize_str(chr(c))}


def numeric():
    digits = pre_tokenizers.Digits(individual_digits=True)
    return {c for c in CODE_POINTS if len(digits.pre_tokenize_str("a" + chr(c) + "b")) == 3}


assert unicodedata.unidata_version == "14.0.0"
print("kNumeric")
for first, last in ranges(numeric()):
    print("{0x%X, 0x%X}," % (first, last))
print("kAssignedSince14")
newer = []
for category in CATEGORIES:
    known = {c for c in CODE_POINTS if unicodedata.category(chr(c)) == category}
    newer += [(*r, category) for r in ranges(matched_by_regex(r"\p{%s}" % category) - known)]
for first, last, category in sorted(newer):
    print('{0x%X, 0x%X, "%s"},' % (first, last, category))
