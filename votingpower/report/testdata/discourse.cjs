// Renders posts as Discourse does, or by CommonMark alone: a line of JSON {markdown, commonmark} in, a
// line {html, text, tags, links, lively} out. Lively is what Discourse would make mentions, hashtags and
// emoji of: it looks for them in the finished text, after entities and escapes.
const markdownit = require('markdown-it')

const discourse = markdownit({ html: true, linkify: true, breaks: true, typographer: true })
discourse.linkify.tlds(['fi', 'eth', 'example', 'finance', 'box'], true) // beside those that are built in
const commonmark = markdownit('commonmark', { html: true })

const emoticons = [':)', ':-)', '^_^', '^__^', ':(', ':-(', ';)', ';-)', ":'(", ":'-(", ":-'(", ':p', ':P', ':-P',
	':O', ':-O', ':D', ':-D', ':|', ':-|', ':/', '8-)', ';P', ';-P', ':$', ':-$']
const codes = /@[\p{L}\p{N}_]|#[\p{L}\p{N}_:-]|:[\p{L}\p{N}_+-]+:/u

discourse.core.ruler.push('lively', state => {
	for (const block of state.tokens) {
		for (const { type, content } of block.children ?? []) {
			if (type !== 'text') continue
			const times = content.replace(/\b\d\d:\d\d(:\d\d)?\b/g, '') // their digits are the name of no emoji
			if (codes.test(times) || emoticons.some(e => (' ' + times + ' ').includes(e + ' '))) state.env.lively.push(content)
		}
	}
})

function render({ markdown, commonmark: plain }) {
	const env = { lively: [] }
	const html = plain ? commonmark.render(markdown, env) : discourse.render(markdown
		.replace(/^\[details="([^"]*)"\]$/gm, '<details><summary>$1</summary>\n')
		.replace(/^\[\/details\]$/gm, '\n</details>'), env)
	return {
		html, lively: env.lively,
		text: html.replace(/<[^>]*>/g, '').replace(/&(lt|gt|quot|amp);/g, (_, name) => ({ lt: '<', gt: '>', quot: '"', amp: '&' })[name]),
		tags: (html.match(/<[a-z0-9]+/g) ?? []).map(tag => tag.slice(1)),
		links: (html.match(/(?<=<a href=")[^"]*/g) ?? []),
	}
}

require('readline').createInterface({ input: process.stdin })
	.on('line', line => process.stdout.write(JSON.stringify(render(JSON.parse(line))) + '\n'))
