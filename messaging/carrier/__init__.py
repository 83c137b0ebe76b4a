"""The interface to a carrier, its HTTP client, its signed door and the simulated carrier."""
