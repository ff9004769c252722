#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072 node --max-semi-space-size=32
import { buildProgram } from './cli/program';
import { run } from './cli/run';

void run(buildProgram(), process.argv);
