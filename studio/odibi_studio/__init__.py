"""The Studio: pipelines composed, run and watched in a browser."""
