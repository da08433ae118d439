"""Pictures of a comparison: frames in, one Matplotlib figure out."""

from study.compare.pictures.pairs import draw_pairs
from study.compare.pictures.profile import draw_profile
from study.compare.pictures.ranks import draw_ranks
from study.compare.pictures.standing import draw_standing

__all__ = ["draw_pairs", "draw_profile", "draw_ranks", "draw_standing"]
