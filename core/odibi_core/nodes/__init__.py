"""The five node kinds."""
