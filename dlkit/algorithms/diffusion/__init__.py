"""Diffusion model."""
