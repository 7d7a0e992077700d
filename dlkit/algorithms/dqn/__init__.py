"""Deep Q-learning: what every action is worth, learned by playing."""
