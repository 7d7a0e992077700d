"""The graphs by name: what they are, without loading them, and the files of those in caches."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dlkit.datasets.caches import Cached, File


@dataclass(frozen=True)
class GraphSet:
    """One graph whose nodes have classes. `source`: made, carried by networkx, or from a cache.

    `words` tells that a node's features are the words of a text, so that most are zero. With more
    than one of `num_graphs` it is a set of small graphs, and each of them has a class.
    """

    name: str
    num_nodes: int
    num_features: int
    num_classes: int
    source: Literal["made", "embedded", "cache"]
    words: bool = False
    num_graphs: int = 1


_ALL = (
    GraphSet("blocks", 240, 16, 4, "made"),
    GraphSet("karate", 34, 34, 2, "embedded"),
    GraphSet("les_miserables", 77, 77, 5, "embedded"),
    GraphSet("florentine", 15, 15, 3, "embedded"),
    GraphSet("cora", 2708, 1433, 7, "cache", words=True),
    GraphSet("citeseer", 3327, 3703, 6, "cache", words=True),
    GraphSet("pubmed", 19717, 500, 3, "cache", words=True),
)
GRAPHS = {one.name: one for one in _ALL}
_MANY = (
    GraphSet("molecules", 2760, 3, 2, "made", num_graphs=240),
    GraphSet("mutag", 2545, 7, 2, "cache", num_graphs=135),
)
MOLECULES = {one.name: one for one in _MANY}
GRAPH_SETS = {**GRAPHS, **MOLECULES}
ATOMS = {"molecules": "C N O", "mutag": "C N O F I Cl Br"}  # by the number of their feature

PARTS = ("x", "y", "tx", "ty", "allx", "ally", "graph", "test.index")
ADDRESS = "https://github.com/tkipf/gcn/raw/master/gcn/data/"
_DIGESTS = {
    "cora": (
        "23cfa55d91c6f624233f5eb7b6e3f141f1bd2b2ae39608a63cf5d084bb27baab",
        "94465c14eb53e04ca262198dcbb2521ee8af60fb3f3d546cd6ca24a511b0e7d1",
        "b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a",
        "41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad",
        "9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543",
        "2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71",
        "58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d",
        "297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875",
    ),
    "citeseer": (
        "d20de19150741e555de0ed037195630fc194114ebc7fd72ced62810148aa22f6",
        "8ba87e515d8e3ee3cf52f6d2c5b86aa73f11ecad825a808455209ec26cd54924",
        "539a8906a2da97628d212f2fdd668c109a8b3f0d36574b59e5d3fd5b5303da21",
        "55e5bd1ba1e733a04598753ad1a8d57957f4b8f89e74519f41f4f4938767e4ce",
        "2ac30345d95c9ec933a817ee0bdd6a5f077f8c184a20e696910192d534414668",
        "f704b2d986dde6c2669934de1f3ae5696a6cf9455c0f6b2646a2d135ea0a1c95",
        "d79a4ef9d3e7169aee8946145f6b7306e35bc79bffad26346cfb94e10e9912a7",
        "2af990671580b6b2df5d158d1038f8292e30c9cd821b5453f399659b25b723d4",
    ),
    "pubmed": (
        "fbe9cb5c47200d1b7769a26e579be3b7130b556831f9d850e77c4c74f2599b33",
        "e6c807633307a07ed659249006536a147c7999c797f11a2560752990181b41b3",
        "4eb5f5d0f30f26497eb0ac6ac9719d09c67e284f1ed0385c93f3ef27a671da3d",
        "ee2e0d4819d9fbcc403689c3bf2e49face401b605932f093bc58ab6461130fdd",
        "508e538e2abdccdd54c4d3e9f49d638b4af7107d85845f66ddea5a5152658b7e",
        "0c37bbe3b5014ec365e9d393cf4791925e5ed94fb194305d74f064a8d7b50f0e",
        "5b89f0036ca22909471f1e6558eb42fa06e0c730a577bde5b058b40638f81dc9",
        "b101d421688bbaecbd82e8a18f1e282378d6830f3a37666f28ebc47f844341b5",
    ),
}


def _cached(name: str) -> Cached:
    names = [f"ind.{name}.{part}" for part in PARTS]
    return Cached(
        name,
        tuple(
            File((file,), ADDRESS + file, digest)
            for file, digest in zip(names, _DIGESTS[name], strict=True)
        ),
        folder=name,
        layout="spektral/datasets/Citation",
        further=(Path.home() / "spektral" / "datasets" / "Citation" / name,),
        instead="blocks",
    )


CITATIONS = {name: _cached(name) for name in _DIGESTS}

# MUTAG (Asim Debnath and others, 1991) without the graphs that are there twice (Sergei Ivanov and
# others, 2019), as Spektral's `TUDataset("MUTAG", clean=True)` has it.
MUTAG = Cached(
    "mutag",
    tuple(
        File((name,), "https://github.com/nd7141/graph_datasets/raw/master/datasets/MUTAG.zip",
             digest, member=f"MUTAG/{name}")
        for name, digest in (
            ("MUTAG_A.txt", "4f88fcea46af2ba922afe014e7cd2549cb95c0ed820d7d4f62e441728f65db25"),
            ("MUTAG_graph_indicator.txt",
             "a6ef68e09c94284dab069a95796824bc32cc82329bf0ad1f502e91b08157323e"),
            ("MUTAG_node_labels.txt",
             "13ac8689f355d092aed11ee616a5352213f3f6fab3a86dbfb21010e6c996e2fb"),
            ("MUTAG_graph_labels.txt",
             "69e60866860a437979de91ebdce9c982c7258f35fae64f23754407f9804026ec"),
        )
    ),
    folder="MUTAG_clean",
    layout="spektral/datasets/TUDataset",
    further=(Path.home() / "spektral" / "datasets" / "TUDataset" / "MUTAG_clean",),
    instead="molecules",
)  # fmt: skip
