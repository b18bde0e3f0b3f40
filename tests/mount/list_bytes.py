# SPDX-License-Identifier: Apache-2.0
"""Digest lists byte by byte, sound or broken on purpose.

The formats are those of the kernel's Integrity Digest Cache: TLV, and the
headers of RPM packages.
"""

import dataclasses
import hashlib
import struct

# What the kernel's hash_algo_name, and OpenPGP, call each algorithm.
KERNEL_NUMBERS = {"md5": 1, "sha1": 2, "sha256": 4, "sha384": 5, "sha512": 6,
                  "sha224": 7, "sm3": 17, "sha3_256": 20, "sha3_384": 21,
                  "sha3_512": 22}
OPENPGP_NUMBERS = {"md5": 1, "sha1": 2, "sha256": 8, "sha384": 9, "sha512": 10,
                   "sha224": 11, "sha3_256": 12, "sha3_512": 14}


def digest(algorithm, content):
    return hashlib.new(algorithm, content.encode()).digest()


def field(number, value):
    return struct.pack(">HI", number, len(value)) + value


def tlv(digests, *, number, algorithm_value=None, entries=None):
    """Returns a list of digests of the algorithm that number stands for.

    algorithm_value, entries: written instead of what belongs there.
    """
    if algorithm_value is None:
        algorithm_value = struct.pack(">H", number)
    if entries is None:
        entries = len(digests)
    return (field(0, algorithm_value) + field(1, struct.pack(">I", entries)) +
            b"".join(field(2, field(0, value)) for value in digests))


@dataclasses.dataclass
class Tag:
    number: int
    type: int  # 4: 32-bit numbers, 6: string, 8: strings
    count: int
    data: bytes

    @classmethod
    def numbers(cls, number, *values):
        return cls(number, 4, len(values),
                   struct.pack(f">{len(values)}I", *values))

    @classmethod
    def string(cls, number, value):
        return cls(number, 6, 1, value.encode() + b"\0")

    @classmethod
    def strings(cls, number, values):
        return cls(number, 8, len(values),
                   b"".join(value.encode() + b"\0" for value in values))


FILE_DIGESTS, BASE_NAMES, DIGEST_ALGORITHM = 1035, 1117, 5011


def package_tags(digests, number, name="test", version="1.0", release="1"):
    """Returns the tags of a package whose files have these digests, by tag."""
    count = len(digests)
    tags = [
        Tag.string(1000, name), Tag.string(1001, version),
        Tag.string(1002, release), Tag.string(1022, "noarch"),
        Tag.strings(FILE_DIGESTS, [value.hex() for value in digests]),
        Tag.numbers(1116, *[0] * count),
        Tag.strings(BASE_NAMES, [f"file-{i}" for i in range(count)]),
        Tag.strings(1118, ["/"]),
        Tag.numbers(DIGEST_ALGORITHM, number)]
    return {tag.number: tag for tag in tags}


def rpm_header(tags, *, magic=b"\x8e\xad\xe8\x01", offset=None):
    """Returns a header with an immutable region.

    offset: of the digests, written instead of where they are.
    """
    data, index = b"", b""
    for tag in sorted(tags.values(), key=lambda tag: tag.number):
        if tag.type == 4:
            data += bytes(-len(data) % 4)
        at = len(data)
        if offset is not None and tag.number == FILE_DIGESTS:
            at = offset
        index += struct.pack(">IIII", tag.number, tag.type, at, tag.count)
        data += tag.data
    count = len(tags) + 1
    region = struct.pack(">IIII", 63, 7, len(data), 16)
    data += struct.pack(">IIiI", 63, 7, -16 * count, 16)
    return (magic + bytes(4) + struct.pack(">II", count, len(data)) + region +
            index + data)


def with_signature(content, cms):
    """Returns a list with a PKCS#7 signature, as the kernel's sign-file does."""
    return (content + cms + struct.pack(">BBBBBxxxI", 0, 0, 2, 0, 0, len(cms)) +
            b"~Module signature appended~\n")
