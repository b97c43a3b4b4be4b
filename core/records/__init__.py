"""What is kept and told of orders and markets: files for people and programs, made from what happened."""
