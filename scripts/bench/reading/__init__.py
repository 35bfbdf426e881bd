"""What the benchmark of readers compares: three ways to read and check the same files."""
