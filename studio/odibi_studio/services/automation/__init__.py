"""What runs by itself: schedules, streams, alerts."""
