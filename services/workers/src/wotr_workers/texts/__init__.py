"""What the bytes and texts of an export mean: lines, rows, columns, numbers, times, units, sets. No AWS."""
