// The CDK's check of templates is WebAssembly that runs for a second. V8 spends longer on optimizing
// it than that saves.
"use strict";
const { setFlagsFromString } = require("node:v8");
setFlagsFromString("--no-wasm-tier-up");
setFlagsFromString("--no-wasm-dynamic-tiering");
