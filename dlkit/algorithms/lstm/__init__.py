"""LSTM: a network that reads step by step and decides what to keep in mind."""
