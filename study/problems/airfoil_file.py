"""File of the airfoil data: where it is from, where it lies, and what it must be. No torch: the doctor asks too."""

URL = "http://d2l-data.s3-accelerate.amazonaws.com/airfoil_self_noise.dat"
FILE = "data/airfoil_self_noise.dat"  # below the repository's root
DIGESTS = (
    "76e5be1548fd8222e5074cf0faae75edff8cf93f",  # lines end with CRLF, as UCI serves it
    "d9dfd00ed1ff52487b87aceb5ff20462d8e0801c",  # lines end with LF
)
"""SHA-1 of what it may be."""
