"""The phase diagram: where gradient descent with momentum converges on a quadratic, and how fast."""
