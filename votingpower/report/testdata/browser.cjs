// Looks at pages in Chromium. A line {"file", "text", "mark", "pictures"} asks for a page; the answer is what is wrong with
// it, as a list of sentences: messages, requests, what axe-core finds, and what does not fit at three widths, in
// light and dark. "text" must be in what is copied from the whole page, and be printed; "mark" must stand at the top
// of each printed page. Pictures go to a directory, if it is given.
// A line {"file", "width", "height", "picture"} asks only what does not fit at one width, and for a picture of the
// beginning of the page.
const fs = require("fs"), readline = require("readline"), zlib = require("zlib");
const { chromium } = require("playwright-core"), axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// The text of each page of a PDF that Chromium wrote, as one line without spaces.
function pages(pdf) {
	const objects = {}, fonts = {};
	for (const [, n, text] of pdf.toString("latin1").matchAll(/(\d+) 0 obj\n([\s\S]*?)\nendobj/g)) objects[n] = text;
	const stream = n => zlib.inflateSync(Buffer.from(objects[n].split("stream\n")[1], "latin1")).toString("latin1");
	const letters = n => fonts[n] ??= (map => {
		for (const [, from, to, first] of stream(objects[n].match(/\/ToUnicode (\d+)/)[1]).matchAll(/<(\w{4})>(?: <(\w{4})>)? <(\w{4})>/g))
			for (let i = parseInt(from, 16); i <= parseInt(to ?? from, 16); i++) map[i] = String.fromCharCode(parseInt(first, 16) + i - parseInt(from, 16));
		return map;
	})({});
	return Object.values(objects).filter(text => text.startsWith("<</Type /Page\n")).map(page => {
		let font, out = "";
		for (const [, name, hex] of stream(page.match(/\/Contents (\d+)/)[1]).matchAll(/\/F(\d+) [\d.]+ Tf|<(\w+)> Tj/g)) {
			if (name) font = letters(name);
			else for (const code of hex.match(/.{4}/g)) out += font[parseInt(code, 16)] ?? "";
		}
		return out.replace(/\s/g, "");
	});
}

// Runs in the page: what reaches beyond the window or its table cell, or lies over its neighbor.
function misfits() {
	const found = [], width = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth > width) found.push("scrolls sideways to " + document.documentElement.scrollWidth);
	const name = e => e.tagName + "." + (e.getAttribute("class") || "") + " " + JSON.stringify(e.textContent.trim().slice(0, 40));
	const hidden = e => e.closest(".vh, .skip, .mid, .scroll, .stack thead, [hidden], defs, details:not([open])");
	for (const e of document.body.querySelectorAll("*")) {
		const box = e.getBoundingClientRect();
		if (!hidden(e) && box.width > 0 && (box.left < -1 || box.right > width + 1)) found.push(name(e) + " is outside");
	}
	for (const row of document.querySelectorAll("tr, .find li, .kpi")) {
		if (hidden(row)) continue;
		const boxes = [...row.children].map(e => [e, e.getBoundingClientRect()]).filter(([, b]) => b.width > 1 && b.height > 1);
		for (const [i, [a, x]] of boxes.entries()) for (const [b, y] of boxes.slice(i + 1)) {
			if (Math.min(x.right, y.right) - Math.max(x.left, y.left) > 1 && Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top) > 1)
				found.push(name(a) + " lies over " + name(b));
		}
	}
	const labels = [...document.querySelectorAll(".gauge text")].map(e => [e, e.getBoundingClientRect()]);
	for (const [i, [a, x]] of labels.entries()) for (const [b, y] of labels.slice(i + 1))
		if (x.left < y.right && y.left < x.right && x.top < y.bottom - 2 && y.top < x.bottom - 2) found.push(name(a) + " lies over " + name(b));
	return found.slice(0, 5);
}

async function photograph(browser, { file, picture, width, height }) {
	const page = await browser.newPage({ viewport: { width, height } });
	await page.goto("file://" + file);
	if (picture) await page.screenshot({ path: picture });
	const found = await page.evaluate(misfits);
	await page.close();
	return found;
}

async function look(browser, { file, text, mark, pictures }) {
	const found = [];
	const context = await browser.newContext({ reducedMotion: "reduce" });
	const page = await context.newPage();
	page.on("console", m => found.push("console: " + m.text()));
	page.on("pageerror", e => found.push("error: " + e.message));
	page.on("request", r => r.url() === "file://" + file || r.url().startsWith("data:") || found.push("request: " + r.url()));
	await page.goto("file://" + file);
	for (const colorScheme of ["light", "dark"]) {
		await page.emulateMedia({ colorScheme });
		for (const width of [1200, 690, 360]) {
			await page.setViewportSize({ width, height: 800 });
			found.push(...(await page.evaluate(misfits)).map(s => `${width} px: ${s}`));
			if (pictures) await page.screenshot({ path: `${pictures}/${file.replace(/.*\/|\.html$/g, "")}-${width}-${colorScheme}.png`, fullPage: true });
		}
		await page.setViewportSize({ width: colorScheme === "light" ? 1200 : 360, height: 800 });
		await page.evaluate(axe);
		const { violations } = await page.evaluate(() => axe.run());
		for (const v of violations) found.push(`axe, ${colorScheme}: ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(" | ")}`);
	}
	await page.keyboard.press("Tab"); // to the link that skips what stands above
	await page.keyboard.press("Enter");
	await page.waitForURL(/#main$/, { timeout: 5000 }).catch(() => found.push("the first link does not skip to the result"));
	for (const summary of await page.locator("summary").all()) {
		await summary.focus();
		await page.keyboard.press("Enter");
	}
	if (await page.locator("details:not([open])").count()) found.push("the keyboard does not open what is folded");
	await page.keyboard.press("Control+A");
	const copied = await page.evaluate(() => getSelection().toString());
	for (const part of text) if (!copied.includes(part)) found.push("not copied: " + part);
	const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
	const printed = pages(pdf);
	for (const [i, page] of printed.entries()) if (!page.startsWith(mark)) found.push(`page ${i + 1} does not begin with ${mark}`);
	for (const part of text) if (!printed.join("").includes(part)) found.push("not printed: " + part);
	if (pictures) fs.writeFileSync(`${pictures}/${file.replace(/.*\/|\.html$/g, "")}.pdf`, pdf);
	await context.close();
	return found;
}

(async () => {
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
	for await (const line of readline.createInterface({ input: process.stdin })) {
		const question = JSON.parse(line);
		const found = await (question.width ? photograph : look)(browser, question).catch(e => [String(e)]);
		process.stdout.write(JSON.stringify(found) + "\n");
	}
	await browser.close();
})();
