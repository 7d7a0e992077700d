"""Pure builders: plain values in, a Plotly figure out. `theme` holds colours and sizes."""
