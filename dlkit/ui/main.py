"""The script that Streamlit runs for every page: the frame, then the page in it."""

from dlkit.ui import frame

frame.show()
