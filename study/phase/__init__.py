"""Phase diagram: where gradient descent with momentum converges on a quadratic, and how fast."""
