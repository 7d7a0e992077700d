"""The studio: a Streamlit frame around the engine. Nothing in here imports Keras."""
