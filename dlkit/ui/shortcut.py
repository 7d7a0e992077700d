"""Ctrl+Enter presses a button.

Streamlit's own shortcut prints the keys in the button, too pale to be read on a coloured one.
"""

import streamlit as st

_KEYS = st.components.v2.component(
    "dlkit_shortcut",
    js="""
const listeners = new WeakMap()
export default function ({ data, parentElement }) {
  const press = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return
    document.activeElement?.blur()
    setTimeout(() => document.querySelector(`.st-key-${data} button:not(:disabled)`)?.click(), 50)
  }
  const stop = () => document.removeEventListener("keydown", listeners.get(parentElement))
  if (listeners.has(parentElement)) stop()
  listeners.set(parentElement, press)
  document.addEventListener("keydown", press)
  return stop
}
""",
    isolate_styles=False,
)


def shortcut(button: str) -> None:
    """Let Ctrl+Enter, or Cmd+Enter, press the button with this key."""
    _KEYS(key=f"shortcut-{button}", data=button, height=1)
