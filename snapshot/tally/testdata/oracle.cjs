// Tallies elections with Snapshot's own code. Reads one election per line from
// stdin: {"sdk"?, "type", "choices", "strategies", "votes": [{"choice", "balance", "scores"}]},
// and writes one result per line: {"valid", "scores", "byStrategy", "total"} or {"error"}.
// "sdk" is an npm package with another release of snapshot.js than the newest here.
function tally({ sdk = '@snapshot-labs/snapshot.js', type, choices, strategies, votes }) {
  const snapshot = require(sdk);
  const { voting } = (snapshot.default ?? snapshot).utils;
  const names = Array.from({ length: choices }, (_, i) => `choice ${i + 1}`);
  const count = new voting[type]({ choices: names }, votes, Array(strategies).fill({}));
  const isValid = voting[type].isValidChoice ?? count.isValidChoice ?? (() => true);
  try {
    return {
      valid: votes.map((vote) => isValid(vote.choice, names)),
      scores: (count.getScores ?? count.resultsByVoteBalance).call(count),
      // Until 0.4.0 each score of weighted votes was a list of one number.
      byStrategy: (count.getScoresByStrategy ?? count.resultsByStrategyScore).call(count).map((row) => row.flat()),
      total: (count.getScoresTotal ?? count.sumOfResultsBalance).call(count)
    };
  } catch (e) {
    return { error: String(e) };
  }
}

const lines = require('readline').createInterface({ input: process.stdin });
lines.on('line', (line) => process.stdout.write(JSON.stringify(tally(JSON.parse(line))) + '\n'));
