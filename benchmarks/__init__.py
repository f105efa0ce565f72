"""What ACM costs, as ratios measured in one run on one machine. `make bench` runs benchmarks/__main__.py."""
