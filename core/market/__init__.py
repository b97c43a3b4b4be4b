"""What is known of markets: last values, held for screens and for the controls."""
