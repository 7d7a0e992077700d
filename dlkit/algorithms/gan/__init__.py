"""Generative adversarial network: a forger and a detective who learn from each other."""
