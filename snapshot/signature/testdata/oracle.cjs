// Signs messages with Snapshot's own code, as its clients do. Reads one message
// per line from stdin: {"key", "domain", "primary", "types", "message", "texts"},
// where texts are values that the client signs as JSON text; writes {"id",
// "address", "sig", "trusted", "verified"} per line, or {"error"}.
const snapshot = require('@snapshot-labs/snapshot.js');
const hashedTypes = require('@snapshot-labs/snapshot.js/src/sign/hashedTypes.json');
const { Wallet } = require('@ethersproject/wallet');
const { createHash } = require('crypto');
const { utils } = snapshot.default ?? snapshot;

async function sign({ key, domain, primary, types, message, texts }) {
  for (const name in texts) message[name] = JSON.stringify(texts[name]);
  const wallet = new Wallet(key);
  const data = { domain, types: { [primary]: types }, message };
  const sig = await wallet._signTypedData(domain, data.types, message);
  const hash = createHash('sha256').update(JSON.stringify(data.types)).digest('hex');
  return {
    id: utils.getHash(data, wallet.address),
    address: wallet.address,
    sig,
    trusted: hashedTypes[hash] ?? '',
    verified: await utils.verify(wallet.address, sig, data)
  };
}

(async () => {
  for await (const line of require('readline').createInterface({ input: process.stdin })) {
    const result = await sign(JSON.parse(line)).catch((e) => ({ error: String(e) }));
    process.stdout.write(JSON.stringify(result) + '\n');
  }
})();
