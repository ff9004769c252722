#!/usr/bin/env node
import { buildProgram } from './cli/program';
import { run } from './cli/run';

void run(buildProgram(), process.argv);
