"""Which symmetries rules have, where theory is certain; by name of the check."""

from collections.abc import Callable, Mapping

from study.certify.check import Result, Verdict

ChecksOf = Callable[..., Mapping[str, Result]]
NAMES = ("translation", "sign flip", "rotation", "loss scale")


def test_a_claim_is_judged_and_no_claim_only_measured(checks_of: ChecksOf) -> None:
    without = checks_of("torch.optim.SGD", only=NAMES, lr=0.01)
    assert {without[name].verdict for name in NAMES} == {Verdict.NOT_APPLICABLE}
    assert [without[name].measured for name in NAMES] == ["< 1e-13", "< 1e-13", "< 1e-13", "1.0e+03"]
    claimed = checks_of("torch.optim.SGD", "sgd", only=NAMES, lr=0.01)
    assert {claimed[name].verdict for name in NAMES} == {Verdict.PASSED}


def test_clipping_by_the_norm_survives_rotation(checks_of: ChecksOf) -> None:
    found = checks_of("ClippedByNorm", only=(*NAMES, "permutation"), lr=0.01, elementwise=False)
    assert [found[name].measured for name in ("rotation", "permutation", "loss scale")] == ["< 1e-13"] * 3
    assert found["permutation"].verdict is Verdict.NOT_APPLICABLE


def test_weight_decay_breaks_translation(checks_of: ChecksOf) -> None:
    found = checks_of("torch.optim.AdamW", "sgd", only=NAMES, lr=0.01)
    assert {name for name in NAMES if found[name].verdict is Verdict.FAILED} == {
        "translation",
        "rotation",
        "loss scale",
    }


def test_an_adaptive_rule_may_not_survive_rotation(checks_of: ChecksOf) -> None:
    drowned = checks_of(
        "torch.optim.RMSprop", "rmsprop", only=NAMES, lr=1e8, eps=1e10
    )  # plain descent, under the name
    assert drowned["rotation"].verdict is Verdict.FAILED
    assert drowned["loss scale"].verdict is Verdict.FAILED
