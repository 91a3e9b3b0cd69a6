# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Addresses of functions: of a kernel from its vmlinux, of Xen, whose packages have no such
file, from the table that each Xen has in its image to print call traces."""
import re
import struct

import rig

LOST = "Xen's image has no table of symbols that tests/bench/symbols.py can read"
# Names are made of 256 tokens, each of one or more characters.
TOKENS = re.compile(rb"(?=((?:[!-~]+\0){256}))")


def of_kernel(vmlinux):
    words = [line.split() for line in rig.command("nm", str(vmlinux)).splitlines()]
    return {line[2]: int(line[0], 16) for line in words if len(line) == 3}


def find_tokens(image, align):
    """(offset, tokens): those that a list of their lengths, added up, comes after."""
    for found in TOKENS.finditer(image):
        tokens = found[1].split(b"\0")[:256]
        offsets = [0]
        for token in tokens[:255]:
            offsets.append(offsets[-1] + len(token) + 1)
        if image.find(struct.pack("<256H", *offsets), found.end(1), found.end(1) + align + 512) >= 0:
            return found.start(), tokens
    raise rig.Trouble(LOST)


def read_names(image, at, end, count, tokens):
    """The names from `at` on, where each begins, and the last one's end. A name is its
    length and the numbers of its tokens; its first character is the symbol's type."""
    names, begins = [], []
    while len(names) < count and at < end:
        begins.append(at)
        at += 1 + image[at]
        names.append(b"".join(tokens[number] for number in image[begins[-1] + 1:at]).decode()[1:])
    return names, begins, at


def of_xen(image, word, align, origin):
    """As Xen's xen/tools/symbols.c writes them, each part aligned: addresses (`word`, each
    less `origin`), their number, names, where each 256th name begins, tokens."""
    def aligned(at):
        return at + -at % align

    end, tokens = find_tokens(image, align)
    for at in range(end - align, 0, -align):
        count, = struct.unpack_from("<I", image, at)
        if not 0 < 2 * count < end - at:
            continue
        names, begins, names_end = read_names(image, at + align, end, count, tokens)
        marks = struct.pack(f"<{len(begins[::256])}I", *(begin - begins[0] for begin in begins[::256]))
        marks_at = aligned(names_end)
        if image[marks_at:marks_at + len(marks)] != marks or aligned(marks_at + len(marks)) != end:
            continue
        addresses = struct.unpack_from(f"<{count}{word}", image, at - aligned(count * struct.calcsize(word)))
        return {name: address + origin for name, address in zip(names, addresses)}
    raise rig.Trouble(LOST)
