"""Where the secrets of a workspace come from: providers that `[secrets]` of odibi.toml names, in order."""
