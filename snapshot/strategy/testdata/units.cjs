// Reads lines of JSON [integer in base units, decimals] and writes the double
// that Snapshot's strategies make of each, one per line.
const { formatUnits } = require('@ethersproject/units');
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
for (const line of lines) {
  const [amount, decimals] = JSON.parse(line);
  console.log(JSON.stringify(parseFloat(formatUnits(amount, decimals))));
}
