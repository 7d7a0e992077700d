// Shows code that the server has coloured, and copies it.

export function show({ data, parentElement }) {
  const pre = parentElement.querySelector("pre");
  const button = parentElement.querySelector("button");
  pre.innerHTML = data.html;
  pre.classList.toggle("dlkit-numbered", data.numbered);
  pre.setAttribute("aria-label", data.words.label);
  pre.setAttribute("role", "group");
  button.textContent = data.words.copy;
  button.onclick = async () => {
    await navigator.clipboard.writeText(data.source);
    button.textContent = data.words.copied;
    setTimeout(() => (button.textContent = data.words.copy), 1500);
  };
}

export function leave() {}
