/** The database cannot be used as it is. The message is one line for whoever runs the server: what is wrong, and what to do. */
export class UnusableDatabase extends Error {}
