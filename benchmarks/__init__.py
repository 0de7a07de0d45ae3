"""Speed, as ratios in one process."""
