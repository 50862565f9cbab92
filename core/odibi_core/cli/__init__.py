"""The command line: `odibi`."""
