"""The adapter against gateways that say what a test tells them, over real TCP."""
