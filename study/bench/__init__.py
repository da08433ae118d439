"""`make bench`: what a run costs, beside what one would write first and beside the limits of the machine."""
