"""Alerts: what people or programs are told when runs end."""
