"""Convolutional neural network."""
