"""Graph neural network: nodes send messages to their neighbours, layer by layer."""
