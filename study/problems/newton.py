"""Newton's method: where a smooth, strongly convex function is least, as near as double precision goes."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

_MOST = 100  # steps; the losses here take about ten
_ROUNDING = 1e-14  # of a value near 1, below which two are no different
_SUFFICIENT = 1e-4  # of the fall that the slope promises

Derivatives = tuple[Float[Tensor, ""], Float[Tensor, " parameter"], Float[Tensor, "parameter parameter"]]
"""Value, gradient and Hessian at one place."""


def minimiser(
    derivatives: Callable[[Float[Tensor, " parameter"]], Derivatives],
    start: Float[Tensor, " parameter"],
    *,
    flat: float = 1e-10,
) -> Float[Tensor, " parameter"]:
    """Return where a function is least: theta <- theta - t H^-1 g, t halved from 1 until it falls enough.

    Of a function whose Hessian's eigenvalues are at least m, the value there is within |g|^2 / 2m of the least.

    Args:
        derivatives: of the function, in double precision.
        start: where the search begins.
        flat: the norm of the gradient at which it ends.

    Raises:
        ArithmeticError: a Hessian is not positive definite, or the search did not get there.

    Example:
        >>> def bowl(x):
        ...     return (x**2).sum() / 2, x, torch.eye(2, dtype=x.dtype)
        >>> minimiser(bowl, torch.ones(2, dtype=torch.float64)).tolist()
        [0.0, 0.0]
    """
    place, (value, gradient, hessian) = start, derivatives(start)
    for _ in range(_MOST):
        if gradient.norm() <= flat:
            return place
        factor, failed = torch.linalg.cholesky_ex(hessian)
        if failed:
            raise ArithmeticError("the Hessian must be positive definite, as a strongly convex function's is")
        step = torch.cholesky_solve(gradient[:, None], factor)[:, 0]
        share, enough = 1.0, _SUFFICIENT * gradient.dot(step)
        found = derivatives(place - step)
        while not found[0] <= value - share * enough + _ROUNDING * value.abs() and share > _ROUNDING:
            share /= 2
            found = derivatives(place - share * step)
        place, (value, gradient, hessian) = place - share * step, found
    raise ArithmeticError(
        f"the gradient must fall to {flat:g} in {_MOST} steps, got {float(gradient.norm()):g}"
    )
