#!/usr/bin/env node
/*
 * Starts the command line under a Node that can run it. Plain old JavaScript on purpose: whatever Node is on PATH must be
 * able to read this file and say what is wrong.
 */
"use strict";

var fs = require("fs");
var path = require("path");

/** The floor of the root package.json's `engines`. */
var FLOOR = [24, 12];

function isRecent(version) {
  var parts = version.split(".");
  var major = Number(parts[0]);
  return major > FLOOR[0] || (major === FLOOR[0] && Number(parts[1]) >= FLOOR[1]);
}

/** The Node that the project brings as a dependency, or undefined. */
function findOwnNode() {
  var name = process.platform === "win32" ? "node.exe" : "node";
  var folder = __dirname;
  for (;;) {
    var file = path.join(folder, "node_modules", "node", "bin", name);
    if (fs.existsSync(file)) return file;
    var parent = path.dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function refuse(what) {
  process.stderr.write(
    "E_NODE (8): baton needs Node " +
      FLOOR.join(".") +
      " or newer; this is " +
      process.version +
      what +
      "\n" +
      "  do:    run `npm ci` in Baton's folder (it brings its own Node), or put a newer Node on PATH\n",
  );
  process.exit(8);
}

/** Runs this file again under another Node, and ends as that ends. */
function runUnder(node) {
  var child = require("child_process").spawn(
    node,
    process.execArgv.concat([__filename], process.argv.slice(2)),
    { stdio: "inherit", env: Object.assign({}, process.env, { BATON_NODE_CHOSEN: "1" }) },
  );
  var terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  // A terminal sends Ctrl-C to both of us; the child's answer counts, and it must not get it twice.
  process.on("SIGINT", function () {
    if (!terminal) child.kill("SIGINT");
  });
  ["SIGTERM", "SIGHUP"].forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal);
    });
  });
  child.on("error", function (error) {
    refuse(", and " + node + " doesn't start: " + error.message);
  });
  child.on("exit", function (code, signal) {
    var number = signal === null ? 0 : require("os").constants.signals[signal] || 0;
    process.exit(code === null ? 128 + number : code);
  });
}

function start() {
  if (isRecent(process.versions.node)) {
    var root = path.resolve(__dirname, "../../..");
    // Compiled code is kept between calls: most of a short command's time would go into compiling it again.
    require("module").enableCompileCache(path.join(root, ".baton", "cache", "compile"));
    void import("../src/main.ts");
    return;
  }
  var own = findOwnNode();
  if (own === undefined || process.env.BATON_NODE_CHOSEN === "1") refuse("");
  else runUnder(own);
}

start();
