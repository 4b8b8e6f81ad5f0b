// Runs a Node.js function: `node node.cjs`, as python.py beside it does.
"use strict";
const fs = require("fs");
const http = require("http");
const https = require("https");
const net = require("net");
const path = require("path");
const readline = require("readline");
const { pathToFileURL } = require("url");

const env = process.env;
const answers = Number(env.TFBATCH_ANSWERS_FD);
delete env.TFBATCH_ANSWERS_FD;

// The process ends with the server that started it: see tfbatch_sandbox/processes/supervision.py.
new net.Socket({ fd: Number(env.TFBATCH_SUPERVISION_FD) }).on("close", () => process.exit(1)).unref().resume();
delete env.TFBATCH_SUPERVISION_FD;

// CDK's custom resources answer CloudFormation by https on its port alone; the sandbox has neither.
const sandbox = new URL(env.AWS_ENDPOINT_URL);
const request = https.request;
https.request = (options, ...rest) =>
  options.hostname === sandbox.hostname
    ? http.request({ ...options, port: sandbox.port }, ...rest)
    : request(options, ...rest);

async function load(handler) {
  const [, file, name] = handler.match(/^(.*)\.([^.]+)$/);
  const base = path.join(env.LAMBDA_TASK_ROOT, file);
  const found = [".js", ".mjs", ".cjs"].map((ending) => base + ending).find(fs.existsSync);
  if (!found) throw new Error(`Cannot find module '${file}' in the function's code`);
  const module = await import(pathToFileURL(found));
  return module[name] ?? module.default?.[name];
}

function context({ requestId, timeoutSeconds }) {
  const deadline = Date.now() + 1000 * timeoutSeconds;
  return {
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: env.TFBATCH_FUNCTION_ARN,
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => Math.max(deadline - Date.now(), 0),
  };
}

function call(handler, asked) {
  return new Promise((resolve, reject) => {
    const done = (error, value) => (error ? reject(error) : resolve(value));
    const returned = handler(asked.event, context(asked), done);
    if (handler.length < 3 || typeof returned?.then === "function") resolve(returned);
  });
}

async function answer(line) {
  try {
    const handler = await load(env._HANDLER);
    const value = await call(handler, JSON.parse(line));
    return { value: value ?? null };
  } catch (error) {
    console.error(error);
    return {
      error: {
        errorType: error?.name ?? "Error",
        errorMessage: error?.message ?? String(error),
        trace: String(error?.stack ?? "").split("\n"),
      },
    };
  }
}

async function main() {
  await load(env._HANDLER).catch(() => undefined); // the first invocation tells
  fs.writeSync(answers, "\n");
  for await (const line of readline.createInterface({ input: process.stdin })) {
    fs.writeSync(answers, `${JSON.stringify(await answer(line))}\n`);
  }
  process.exit(0);
}

main();
