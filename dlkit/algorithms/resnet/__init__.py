"""Residual network, and the plain network beside it."""
