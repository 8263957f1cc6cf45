// Tallies elections with Snapshot's own code. Reads one election per line from
// stdin: {"type", "choices", "strategies", "votes": [{"choice", "balance", "scores"}]},
// and writes one result per line: {"valid", "scores", "byStrategy", "total"} or {"error"}.
const snapshot = require('@snapshot-labs/snapshot.js');
const { voting } = (snapshot.default ?? snapshot).utils;

function tally({ type, choices, strategies, votes }) {
  const names = Array.from({ length: choices }, (_, i) => `choice ${i + 1}`);
  const count = new voting[type]({ choices: names }, votes, Array(strategies).fill({}));
  try {
    return {
      valid: votes.map((vote) => voting[type].isValidChoice(vote.choice, names)),
      scores: count.getScores(),
      byStrategy: count.getScoresByStrategy(),
      total: count.getScoresTotal()
    };
  } catch (e) {
    return { error: String(e) };
  }
}

const lines = require('readline').createInterface({ input: process.stdin });
lines.on('line', (line) => process.stdout.write(JSON.stringify(tally(JSON.parse(line))) + '\n'));
