"""How near translations come to those that people made: BLEU.

Of all runs of one to four tokens in the translations, the share that also stands in the true one,
no run more often than there; the four shares are multiplied and the fourth root is taken. Shares
alone would favour who says little, so a text that is too short loses by its length (Kishore
Papineni and others, 2002, https://aclanthology.org/P02-1040/). The counts are of all sentences
together. Tokens are the program's own: lower-case words, marks, Chinese characters.
"""

import math
from collections import Counter
from collections.abc import Sequence

LONGEST = 4  # tokens of a run


def bleu(said: Sequence[Sequence[str]], wanted: Sequence[Sequence[str]]) -> float:
    """From 0 to 100, for translations and the true one of each."""
    found, all_runs = [0] * LONGEST, [0] * LONGEST
    for one, true in zip(said, wanted, strict=True):
        for length in range(1, LONGEST + 1):
            runs, known = _runs(one, length), _runs(true, length)
            found[length - 1] += (runs & known).total()
            all_runs[length - 1] += runs.total()
    if min(found) == 0:
        return 0.0
    shares = [math.log(some / every) for some, every in zip(found, all_runs, strict=True)]
    words, needed = sum(map(len, said)), sum(map(len, wanted))
    return 100 * math.exp(sum(shares) / LONGEST + min(0.0, 1 - needed / words))


def _runs(tokens: Sequence[str], length: int) -> Counter[tuple[str, ...]]:
    return Counter(
        tuple(tokens[start : start + length]) for start in range(len(tokens) - length + 1)
    )
