"""Random numbers are keyed by problem, seed and purpose."""

import hashlib
import random

import torch

from study.randomness import Source


def test_the_key_is_the_documented_one() -> None:
    digest = hashlib.sha256(b"parabola/3/init").hexdigest()
    word = int(digest[:16], 16)
    word -= 2**64 if word >= 2**63 else 0
    expected = torch.rand(5, generator=torch.Generator().manual_seed(word))
    assert torch.equal(torch.rand(5, generator=Source("parabola", 3).generator("init")), expected)


def test_each_part_of_the_key_counts() -> None:
    keys = [(p, s, u) for p in ("bowl", "linear") for s in (0, 1, 10) for u in ("data", "init", "order")]
    drawn = {float(torch.rand((), generator=Source(p, s).generator(u))) for p, s, u in keys}
    assert len(drawn) == len(keys)


def test_a_purpose_is_drawn_afresh_each_time() -> None:
    source = Source("bowl", 0)
    first = torch.randn(100, generator=source.generator("data"))
    torch.randn(7, generator=source.generator("order"))
    random.random()
    assert torch.equal(torch.randn(100, generator=source.generator("data")), first)


def test_seeds_are_independent() -> None:
    """Correlations of 200 streams of 1000 normals: none beyond five standard errors."""
    draws = torch.stack(
        [torch.randn(1000, generator=Source("bowl", s).generator("data")) for s in range(200)]
    )
    correlations = torch.corrcoef(draws) - torch.eye(200)
    assert correlations.abs().max() < 5.5 / 1000**0.5
