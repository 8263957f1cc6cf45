// Reads lines of JSON, [integer in base units, decimals], and writes for each
// the double that Snapshot's strategies make of it.
const { formatUnits } = require('@ethersproject/units');
const lines = require('readline').createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [amount, decimals] = JSON.parse(line);
  console.log(JSON.stringify(parseFloat(formatUnits(amount, decimals))));
});
