"""What tests of bundles and of other packages need: shared data, random bags, tiny slides."""
