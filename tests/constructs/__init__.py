"""Tests of the constructs: what is synthesized, what is refused, and what synthesis warns of."""
