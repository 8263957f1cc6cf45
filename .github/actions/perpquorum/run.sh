#!/usr/bin/env bash
# What the action does once perpquorum is built and in the PATH: it judges a proposal or a
# bundle, and gives the job outputs, a summary and files to keep. It needs the inputs of
# action.yml as INPUT_..., and what a runner gives every step: GITHUB_OUTPUT,
# GITHUB_STEP_SUMMARY and RUNNER_TEMP. It exits with the program's exit code.
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

# finish ends the step, with the reason as an annotation if it fails.
finish() {
	if [ "$1" -ne 0 ]; then
		printf '::error title=perpquorum::%s (exit code %d)\n' "$(escaped "$2")" "$1"
	fi
	exit "$1"
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

# field prints a value of report.json: of a key on the first level, or on the second below
# the key that $2 names. The indent tells the level, and no text has line ends in JSON.
field() {
	sed -nE "/^  \"${2:-$1}\": /,/^  []}\"]/ s/^${2:+  }  \"$1\": \"(.*)\",?\$/\\1/p" "$files/report.json" | head -n 1
}

output() {
	if [[ $2 =~ ^[0-9a-z.\ ]*$ ]]; then printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; fi
}

# publish makes outputs, summary and files of a bundle whose report.json is there.
publish() {
	verdict=$(field verdict)
	output verdict "$verdict"
	output quorum "$(field tokens quorum)"
	perform report --bundle="$1" -o "$files/report.txt"
	perform report --bundle="$1" -o "$files/report.md"
	if [ ! -e "$files/report.txt" ] || [ ! -e "$files/report.md" ]; then return; fi
	uncommanded "$files/report.txt"
	if [ "$(wc -c <"$files/report.md")" -lt 1000000 ]; then
		cat "$files/report.md" >>"$GITHUB_STEP_SUMMARY"
	else # the runner would refuse it
		echo "The report is too long for a summary; it is among the artifacts." >>"$GITHUB_STEP_SUMMARY"
	fi
}

: "${INPUT_PROPOSAL:=}" "${INPUT_BUNDLE:=}" "${INPUT_ENDPOINTS:=}" "${INPUT_FLAGS:=}"
hide
case "${INPUT_PROPOSAL:+p}${INPUT_BUNDLE:+b}" in
p | b) ;;
*) finish 2 "the action needs one of its inputs proposal and bundle" ;;
esac

read -r -d '' -a arguments <<<"$INPUT_FLAGS" || true
code=0 verdict=
if [ -n "$INPUT_PROPOSAL" ]; then
	bundle=$files/bundle.json.gz
	if [ -n "$INPUT_ENDPOINTS" ]; then
		(umask 077 && printf '%s\n' "$INPUT_ENDPOINTS" >"$endpoints")
		arguments+=(--endpoints "$endpoints")
	fi
	arguments+=(--evidence "$bundle" -o "$files/report.json" -- "$INPUT_PROPOSAL")
	perform check "${arguments[@]}"
else
	bundle=$INPUT_BUNDLE
	arguments+=(-o "$files/verified.txt" -- "$bundle")
	perform verify "${arguments[@]}"
	if [ "$code" -eq 0 ]; then perform report --bundle="$bundle" -o "$files/report.json"; fi
fi
if [ -e "$files/report.json" ]; then publish "$bundle"; fi
if [ -s "$log" ]; then uncommanded "$log"; fi
if [ "$code" -eq 0 ]; then
	case $verdict in # of a bundle, which is reported whatever it is
	'not reached') code=10 ;;
	disagrees) code=11 ;;
	'not final') code=12 ;;
	'not established') code=13 ;;
	esac
fi
reason=$(sed -n 's/^perpquorum: error: //p' "$log" | head -n 1)
finish "$code" "${reason:-the verdict is: $verdict}"
