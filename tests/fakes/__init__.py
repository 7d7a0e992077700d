"""Stand-ins real enough to hold the contract: an algorithm that does next to nothing, a run."""
