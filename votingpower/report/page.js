"use strict";
const root = document.documentElement, said = document.getElementById("said");
for (const button of document.querySelectorAll("[data-copy], [data-theme-button]")) button.hidden = false;
document.addEventListener("click", async event => {
	const button = event.target.closest("button");
	if (!button) return;
	if ("themeButton" in button.dataset) {
		const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
		root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
		return;
	}
	try {
		await navigator.clipboard.writeText(button.dataset.copy);
		said.textContent = "Copied";
	} catch {
		said.textContent = "Not copied: select the text instead";
	}
	setTimeout(() => said.textContent = "", 1500);
});
addEventListener("beforeprint", () => {
	for (const details of document.querySelectorAll("details")) details.open = true;
});
