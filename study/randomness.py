"""Random numbers: each stream is keyed by (problem, seed, purpose), never by the optimizer."""

import hashlib
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Source:
    """The randomness of one run. Every optimizer that meets `problem` at `seed` draws the same numbers.

    Args:
        problem: the problem's name.
        seed: the run's seed, >= 0.

    Example:
        >>> def first(purpose):
        ...     return torch.rand(1, generator=Source("parabola", seed=3).generator(purpose)).item()
        >>> first("data") == first("data"), first("data") == first("init")
        (True, False)
    """

    problem: str
    seed: int

    def generator(self, purpose: str) -> torch.Generator:
        """Return a fresh CPU generator for one purpose: `data`, `init` or `order`.

        The generators of two purposes are independent: drawing more numbers for one moves no other.
        """
        return torch.Generator().manual_seed(self.word(purpose))

    def word(self, purpose: str) -> int:
        """Return the seed of one purpose's generator, 64 bits; `rule` is for what an optimizer draws."""
        key = f"{self.problem}/{self.seed}/{purpose}".encode()
        return int.from_bytes(hashlib.sha256(key).digest()[:8], "big", signed=True)
