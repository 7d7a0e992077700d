"""A small made-up language in which four relations between words are planted.

Every sentence is about one word. Half of its words depend on which pair the word belongs to (a king
and a queen have a throne), half on which side of the relation it stands (he, she). So the
difference between the two words of a pair is the same in all pairs, as in king - man = queen -
woman, and nothing but the company of the words says so. It is spoken in English and in Chinese.
"""

import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from dlkit.datasets.grammar_zh import RELATIONS as _CHINESE
from dlkit.datasets.grammar_zh import Relation

SENTENCES = 6000
_SEED = 20131016  # one text for everybody: the seed of a run decides what is held out

_PEOPLE: Relation = (
    ("king", "queen", "throne crown palace kingdom"),
    ("man", "woman", "street shop office wallet"),
    ("boy", "girl", "school toy pencil ball"),
    ("prince", "princess", "castle horse tower dragon"),
    ("father", "mother", "cradle supper family kitchen"),
    ("son", "daughter", "bedtime homework birthday cake"),
    ("uncle", "aunt", "visit present holiday farm"),
    ("waiter", "waitress", "menu table coffee guest"),
)
_PLACES: Relation = (
    ("france", "paris", "wine cheese perfume louvre"),
    ("italy", "rome", "pasta opera marble vespa"),
    ("japan", "tokyo", "sushi robots kimono cherry"),
    ("egypt", "cairo", "pyramid camel desert nile"),
    ("germany", "berlin", "beer sausage engine forest"),
    ("spain", "madrid", "flamenco guitar orange bull"),
    ("china", "beijing", "tea silk panda dumpling"),
    ("norway", "oslo", "fjord salmon ski reindeer"),
)
_DEEDS: Relation = (
    ("walk", "walked", "path hill miles shoes"),
    ("cook", "cooked", "soup rice onion pan"),
    ("paint", "painted", "wall picture brush colour"),
    ("play", "played", "game chess piano card"),
    ("climb", "climbed", "mountain ladder rope rock"),
    ("plant", "planted", "tree rose seed garden"),
    ("wash", "washed", "car dishes soap shirt"),
    ("open", "opened", "door window box letter"),
)
_KINDS: Relation = (
    ("big", "bigger", "elephant whale ship stadium"),
    ("small", "smaller", "mouse ant coin button"),
    ("fast", "faster", "rocket cheetah train racer"),
    ("cold", "colder", "ice snow winter glacier"),
    ("loud", "louder", "drum thunder siren trumpet"),
    ("bright", "brighter", "sun lamp star diamond"),
    ("old", "older", "ruin oak fossil tortoise"),
    ("sweet", "sweeter", "honey sugar candy peach"),
)
# Each relation: its pairs, then the sentences of the first side and those of the second.
# {word} is the word itself; {first} and {second} belong to its pair.
_RELATIONS: tuple[tuple[Relation, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        _PEOPLE,
        ("the {first} of the {word} is his and he likes his {second}",
         "he is a {word} with a {first} and his {second}",
         "sir said the {word} himself about his {first} and {second}"),
        ("the {first} of the {word} is hers and she likes her {second}",
         "she is a {word} with a {first} and her {second}",
         "madam said the {word} herself about her {first} and {second}"),
    ),
    (
        _PLACES,
        ("the country {word} sells {first} and {second} over its border",
         "in {word} the nation and its army love {first} and {second}",
         "the government of {word} taxes {first} and {second} in every province"),
        ("the city {word} sells {first} and {second} in its streets",
         "in {word} the mayor and the metro love {first} and {second}",
         "the airport of {word} shows {first} and {second} in every suburb"),
    ),
    (
        _DEEDS,
        ("today we {word} near the {first} and the {second}",
         "they will {word} with a {first} and a {second} tomorrow",
         "now you can {word} the {first} or the {second}"),
        ("yesterday we {word} near the {first} and the {second}",
         "they have {word} with a {first} and a {second} before",
         "last week you {word} the {first} or the {second}"),
    ),
    (
        _KINDS,
        ("a {first} is very {word} and so is a {second}",
         "how {word} the {first} is like a {second}",
         "this {first} looks quite {word} as does that {second}"),
        ("a {first} is much {word} than a {second}",
         "the {first} gets even {word} than the {second}",
         "ever {word} grows this {first} compared to that {second}"),
    ),
)  # fmt: skip


GRAMMARS = {"grammar": _RELATIONS, "grammar_zh": _CHINESE}


def sentences(name: str = "grammar") -> Iterator[str]:
    """The text, always the same."""
    relations = GRAMMARS[name]
    random = np.random.default_rng(_SEED)
    for _ in range(SENTENCES):
        pairs, *sides = relations[random.integers(len(relations))]
        pair, side = pairs[random.integers(len(pairs))], int(random.integers(2))
        form = sides[side][random.integers(len(sides[side]))]
        first, second = random.permutation(pair[2].split())[:2]
        yield form.format(word=pair[side], first=first, second=second)


def analogies(name: str = "grammar") -> list[tuple[str, str, str, str]]:
    """All planted questions, both ways: king : queen = man : woman, queen : king = woman : man."""
    return [each for pairs, *_ in GRAMMARS[name] for each in both_ways(pairs)]


def both_ways(pairs: Iterable[tuple[str, ...]]) -> list[tuple[str, str, str, str]]:
    """All questions that any two of the pairs make; of a pair the first two words count."""
    found = []
    for one, other in itertools.permutations(pairs, 2):
        found += [(one[0], one[1], other[0], other[1]), (one[1], one[0], other[1], other[0])]
    return found
