"""The studio's launcher: `streamlit run app.py` and `uvicorn app:app` both serve it."""

import streamlit as st

from dlkit.ui.web import MAIN, MIDDLEWARE, ROUTES, broken, lifespan

app = st.App(MAIN, routes=ROUTES, middleware=MIDDLEWARE, lifespan=lifespan, on_script_error=broken)
