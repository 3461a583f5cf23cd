"""The program's random numbers: Philox4x32-10 (Salmon et al. 2011), keyed by the XXH3 hash of a name with the seed."""

import xxhash

WORD = 0xFFFFFFFF


def philox(key, counter):
    x = [counter >> shift & WORD for shift in (0, 32, 64, 96)]
    k = [key & WORD, key >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [b >> 32 ^ x[1] ^ k[0], b & WORD, a >> 32 ^ x[3] ^ k[1], a & WORD]
        k = [k[0] + 0x9E3779B9 & WORD, k[1] + 0xBB67AE85 & WORD]
    return x


class Draws:
    def __init__(self, seed, name):
        self.key, self.taken, self.block = xxhash.xxh3_64_intdigest(name.encode(), seed), 0, None

    def word(self):
        if self.taken % 4 == 0:
            self.block = philox(self.key, self.taken // 4)
        self.taken += 1
        return self.block[(self.taken - 1) % 4]

    def below(self, bound):
        """Uniform in [0, bound): a 64-bit number, drawn again where a remainder would be likelier than others."""
        while True:
            number = self.word() | self.word() << 32
            if number >= 2**64 % bound:
                return number % bound
