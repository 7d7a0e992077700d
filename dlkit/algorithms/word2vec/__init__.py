"""Word2Vec: word vectors learned from the company that words keep."""
