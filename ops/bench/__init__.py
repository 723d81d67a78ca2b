"""`make bench`: what the service carries, beside bare baselines in the same run."""
