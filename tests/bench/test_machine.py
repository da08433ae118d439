"""What the machine allows."""

import pytest
import torch

from study.bench import machine


def test_the_operations_of_a_run_are_counted() -> None:
    """A point costs 40 products and 40 sums forward, and twice that backward: 240; an evaluation of it 80."""
    assert machine.flops_per_run() == 12 * 1000 * 240 + 13 * 1000 * 80


@pytest.mark.slow
def test_the_matrix_rate_is_one_that_a_processor_can_have() -> None:
    threads = torch.get_num_threads()
    try:
        assert 1e8 < machine.matrix_rate() < 1e13
    finally:
        torch.set_num_threads(threads)
