// Writes the reference results of JSONata that test_jsonata.py compares with, to the file they are in.
//
//   npm install --no-save jsonata@2.0.6
//   node tests/tfbatch_sandbox/services/jsonata_reference.mjs
//
// To add an expression, append it to "results" with any result, and run it.
import fs from "node:fs";
import jsonata from "jsonata";

const file = new URL("jsonata_reference.json", import.meta.url);
const { variables, results } = JSON.parse(fs.readFileSync(file, "utf-8"));

async function outcome(expression) {
  try {
    const value = await jsonata(expression).evaluate(undefined, structuredClone(variables));
    if (value === undefined) return { undefined: true };
    const isFunction = typeof value === "function" || value?._jsonata_lambda || value?._jsonata_function;
    return isFunction ? { function: true } : { value };
  } catch (error) {
    return { error: error.code ?? String(error) };
  }
}

const lines = [];
for (const [expression] of results) {
  lines.push(JSON.stringify([expression, await outcome(expression)]));
}
const text = `{"variables":\n${JSON.stringify(variables)},\n"results": [\n${lines.join(",\n")}\n]}\n`;
fs.writeFileSync(file, text);
