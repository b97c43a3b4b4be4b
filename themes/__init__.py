"""The themes that come with the desk, one TOML file each, in the format of a trader's own."""
