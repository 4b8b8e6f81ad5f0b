// Evaluates recorded expressions with the reference implementation of JSONata, and the functions
// that Step Functions adds. Reads a JSON list of {expression, variables}; writes one of outcomes.
import crypto from "node:crypto";
import fs from "node:fs";
import jsonata from "jsonata";

const HASHES = { MD5: "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" };

async function outcome({ expression, variables }) {
  try {
    const program = jsonata(expression);
    program.registerFunction("hash", (data, name) => crypto.createHash(HASHES[name]).update(data).digest("hex"));
    program.registerFunction("parse", (text) => JSON.parse(text));
    const value = await program.evaluate(undefined, variables);
    return value === undefined ? { undefined: true } : { value: JSON.parse(JSON.stringify(value)) };
  } catch (error) {
    return { error: error.code ?? String(error) };
  }
}

const asked = JSON.parse(fs.readFileSync(0, "utf-8"));
const told = [];
for (const each of asked) told.push(await outcome(each));
process.stdout.write(JSON.stringify(told));
