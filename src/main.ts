#!/usr/bin/env -S node --max-semi-space-size=32
import { buildProgram } from './cli/program';
import { run } from './cli/run';

void run(buildProgram(), process.argv);
