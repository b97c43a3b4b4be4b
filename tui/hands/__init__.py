"""What a trader's keys mean: pure values and functions, without a screen."""
