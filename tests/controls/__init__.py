"""The controls of orders and the live guard, case by case, at a real core."""
