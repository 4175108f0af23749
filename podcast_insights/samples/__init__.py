"""The sample world on a loopback server, for the demo and the tests."""
