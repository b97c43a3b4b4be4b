"""Orders of every kind from the script API through core to the practice gateway, in one loop over real TCP."""
