/** The database cannot be used as it is. The message tells whoever runs the server why, in one line. */
export class UnusableDatabase extends Error {}
