"use strict";
// Lets this process `require` TypeScript. tsx's loader would also read and transform every JavaScript file of node_modules, which doubles
// the time that the Pulumi SDK and the Kubernetes client take to load: those go to Node's own loader, as ES modules too (Node 20.19).

const Module = require("node:module");
const { sep } = require("node:path");

const nodes = Module._extensions[".js"];
require("tsx/cjs/api").register();
const tsx = Module._extensions[".js"];
const dependencies = `${sep}node_modules${sep}`;
Module._extensions[".js"] = (module, file) => (file.includes(dependencies) ? nodes : tsx)(module, file);
