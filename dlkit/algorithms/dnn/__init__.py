"""Deep neural network: the multilayer perceptron."""
