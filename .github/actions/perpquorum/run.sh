#!/usr/bin/env bash
# What the action does once perpquorum is built and in the PATH: it judges a proposal, a
# bundle or the votes of a folder, and gives the job outputs, a summary and files to keep. It
# needs the inputs of action.yml as INPUT_..., and what a runner gives every step:
# GITHUB_OUTPUT, GITHUB_STEP_SUMMARY and RUNNER_TEMP.
#
# A runner takes lines that a step prints for its own commands, and a proposal's title may
# look like one. What the program prints is therefore printed with commands switched off,
# and an output is written only if it has the form of one.
set -euo pipefail

files=$RUNNER_TEMP/perpquorum-files
log=$RUNNER_TEMP/perpquorum.log
endpoints=$RUNNER_TEMP/perpquorum-endpoints
rm -rf "$files"
mkdir "$files"
: >"$log"
trap 'rm -f "$endpoints"' EXIT

: "${INPUT_PROPOSAL:=}" "${INPUT_BUNDLE:=}" "${INPUT_HISTORY:=}" "${INPUT_ISSUES:=}"
: "${INPUT_ENDPOINTS:=}" "${INPUT_MODEL:=}" "${INPUT_FLAGS:=}"
read -r -d '' -a flags <<<"$INPUT_FLAGS" || true
code=0 reason=

# escaped makes data of a runner's command out of any text.
escaped() {
	local text=${1//\%/%25}
	text=${text//$'\r'/%0D}
	printf '%s' "${text//$'\n'/%0A}"
}

# uncommanded prints a file in which the runner finds no commands.
uncommanded() {
	local token
	token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	printf '::stop-commands::%s\n' "$token"
	cat "$1"
	printf '\n::%s::\n' "$token"
}

# hide keeps URLs of endpoints and the key of the hub out of the whole job's log. The
# program prints neither, but what comes after it might.
hide() {
	local name word
	set -f # a URL may have a ? in it
	for name in INPUT_ENDPOINTS $(compgen -e | grep -E '^PERPQUORUM_RPC_|_WEB3_ENDPOINT$|^ETH_RPC_URL$|^SNAPSHOT_API_KEY$'); do
		for word in ${!name//,/ }; do
			if [[ $word == *://* || $name == SNAPSHOT_API_KEY ]]; then
				printf '::add-mask::%s\n' "$(escaped "$word")"
			fi
		done
	done
	set +f
}

# perform runs the program and sets code if it fails.
perform() { perpquorum "$@" 2>>"$log" || code=$?; }

# on_chains is perform for a command that reads from endpoints.
on_chains() {
	if [ -n "$INPUT_ENDPOINTS" ]; then
		(umask 077 && printf '%s\n' "$INPUT_ENDPOINTS" >"$endpoints")
		perform "$1" --endpoints "$endpoints" "${@:2}"
	else
		perform "$@"
	fi
}

# output sets an output of the step.
output() {
	if [[ $2 =~ ^[0-9A-Za-z.\ ]*$ ]]; then printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; fi
}

# summarize adds a file to the job's summary, in which a runner takes at most 1 MiB.
summarize() {
	if [ "$(wc -c <"$1")" -lt 1000000 ]; then
		cat "$1" >>"$GITHUB_STEP_SUMMARY"
	else
		echo "The report is too long for a summary; it is among the artifacts." >>"$GITHUB_STEP_SUMMARY"
	fi
}

# publish (BUNDLE) makes outputs, summary and files of a bundle whose report.json is there. Its exit code
# is that of the verdict, which report itself does not give.
publish() {
	local verdict quorum
	# The indent is the level of a key, and no text has line ends in JSON.
	verdict=$(sed -nE 's/^  "verdict": "(.*)",$/\1/p' "$files/report.json")
	quorum=$(sed -nE '/^  "quorum": /,/^  [}]/ s/^    "tokens": "(.*)",?$/\1/p' "$files/report.json")
	output verdict "$verdict"
	output quorum "$quorum"
	reason="the verdict is: $verdict"
	perform report --bundle="$1" -o "$files/report.txt"
	perform report --bundle="$1" --format commonmark -o "$files/report.md" # .md is Discourse's
	perform report --bundle="$1" -o "$files/report.html"
	if [ "$code" -ne 0 ] && [ "$code" -lt 10 ]; then return; fi
	uncommanded "$files/report.txt"
	summarize "$files/report.md"
	case $verdict in
	'not reached') code=10 ;;
	disagrees) code=11 ;;
	'not final') code=12 ;;
	'not established') code=13 ;;
	esac
}

proposal() {
	on_chains check ${INPUT_MODEL:+--model "$INPUT_MODEL"} --evidence "$files/bundle.json.gz" \
		-o "$files/report.json" ${flags[@]+"${flags[@]}"} -- "$INPUT_PROPOSAL"
	if [ -e "$files/report.json" ]; then publish "$files/bundle.json.gz"; fi
}

bundle() {
	perform verify -o "$files/verified.txt" ${flags[@]+"${flags[@]}"} -- "$INPUT_BUNDLE"
	if [ "$code" -ne 0 ]; then return; fi
	perform report --bundle="$INPUT_BUNDLE" -o "$files/report.json"
	if [ -e "$files/report.json" ]; then publish "$INPUT_BUNDLE"; fi
}

# votes adds what is new to a folder of bundles, and writes its pages.
votes() {
	local disagreeing unread of=(history --dir "$INPUT_HISTORY" ${INPUT_MODEL:+--model "$INPUT_MODEL"})
	on_chains "${of[@]}" -o "$files/read.json" ${flags[@]+"${flags[@]}"}
	if [ ! -e "$files/read.json" ]; then return; fi
	perform "${of[@]}" --offline -o "$INPUT_HISTORY/index.html"
	perform "${of[@]}" --offline -o "$files/history.json"
	perform "${of[@]}" --offline -o "$files/history.txt"
	disagreeing=$(rows '"verdict": "disagrees"|"state": "not verified"' "$files/read.json" "$files/history.json")
	unread=$(rows '"state": "not (read|written)"' "$files/read.json")
	if [ -n "$unread" ]; then
		reason="these votes could not be read or written: $unread"
		printf '\nNot read or not written, of %s:\n' "$unread" >>"$files/history.txt"
		awk '/^      "state": / { told = /"not (read|written)"/ }
			told && sub(/^      "problem": "/, "  ") { sub(/",?$/, ""); print }' "$files/read.json" >>"$files/history.txt"
	fi
	uncommanded "$files/history.txt"
	sed 's/^/    /' "$files/history.txt" >"$files/history.md" # a block of code
	summarize "$files/history.md"
	if [ -z "$disagreeing" ]; then return; fi
	output verdict disagrees
	if [ "$INPUT_ISSUES" = true ]; then
		open_issues "$disagreeing" "$unread"
	else
		reason="these votes disagree: $disagreeing"
	fi
}

# rows prints the ids of the votes that have a line of this pattern in histories. A row of the hub that is
# no vote may have none.
rows() {
	local pattern=$1
	shift
	awk -F '"' -v pattern="^      ($pattern)" '/^      "id": / { id = $4 } $0 ~ pattern { print id ? id : "unnamed" }' "$@" |
		sort -u | xargs
}

# open_issues opens an issue for each of the votes in $1 that never had one. That is then all
# there is to say of them: the step fails only if others, in $2, could not be read.
open_issues() {
	local id title titles run="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
	for id in $1; do
		title="Vote $id disagrees"
		if ! titles=$(gh issue list --state all --search "\"$title\" in:title" --json title --jq '.[].title') ||
			{ ! grep -qxF "$title" <<<"$titles" && ! gh issue create --title "$title" \
				--body "What was recomputed is not what the hub or the vote's bundle says: $run"; }; then
			code=1 reason="no issue could be opened for vote $id; that takes the permission issues: write"
			return
		fi
	done
	code=0
	if [ -n "$2" ] || grep -q '^perpquorum: error: ' "$log"; then code=1; fi
}

hide
case ${INPUT_PROPOSAL:+p}${INPUT_BUNDLE:+b}${INPUT_HISTORY:+h} in
p) proposal ;;
b) bundle ;;
h) votes ;;
*) code=2 reason='the action needs one of its inputs proposal, bundle and history' ;;
esac
if [ -s "$log" ]; then uncommanded "$log"; fi
if [ "$code" -ne 0 ]; then
	failure=$(sed -n '/^perpquorum: error: /{s///;p;q;}' "$log")
	printf '::error title=perpquorum::%s (exit code %d)\n' "$(escaped "${failure:-$reason}")" "$code"
fi
exit "$code"
